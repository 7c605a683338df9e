-- Places between others: read as the digits of a fraction, to the base 16. Those beside a todo that is moved stay as they are.

-- A place between two others; no lower one is the start. Halving the distance takes a digit more for every four moves into the
-- same gap. Null where that would make more than 64 digits, and where there is nothing between the two.
CREATE FUNCTION todo.position_between(lower text, upper text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    digits text := '';
    low integer;
    high integer;
    is_below boolean := false;
BEGIN
    FOR place IN 1..64 LOOP
        -- A digit that is not there counts as 0: its place in '123…' is 1, 2, 3 …, and of nothing and of 0 it is 0.
        low := strpos('123456789abcdef', coalesce(nullif(substr(lower, place, 1), ''), '0'));
        high := CASE WHEN is_below THEN 16 ELSE strpos('123456789abcdef', coalesce(nullif(substr(upper, place, 1), ''), '0')) END;
        IF high - low > 1 THEN
            -- Not short, so that it is not the beginning of another place.
            digits := digits || to_hex((low + high) / 2);
            RETURN rpad(digits, greatest(16, place), '8');
        END IF;
        digits := digits || to_hex(low);
        is_below := is_below OR high > low;
    END LOOP;
    RETURN NULL;
END
$$;

-- The gap that a todo goes into: next to another one (side -1 before it, 1 after it), or at the end where there is none. The
-- todo itself is left out.
CREATE FUNCTION todo.gap(list uuid, mover uuid, anchor todo.todos, side integer, OUT lower todo.todos, OUT upper todo.todos)
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
BEGIN
    IF side > 0 AND anchor.id IS NOT NULL THEN
        SELECT t.* INTO upper FROM todo.todos t
        WHERE t.list_id = list AND t.delete_time IS NULL AND t.id <> mover AND (t.position, t.id) > (anchor.position, anchor.id)
        ORDER BY t.position, t.id LIMIT 1;
    ELSE
        upper := anchor;
    END IF;
    IF upper.id IS NULL THEN
        SELECT t.* INTO lower FROM todo.todos t
        WHERE t.list_id = list AND t.delete_time IS NULL AND t.id <> mover
        ORDER BY t.position DESC, t.id DESC LIMIT 1;
    ELSE
        SELECT t.* INTO lower FROM todo.todos t
        WHERE t.list_id = list AND t.delete_time IS NULL AND t.id <> mover AND (t.position, t.id) < (upper.position, upper.id)
        ORDER BY t.position DESC, t.id DESC LIMIT 1;
    END IF;
END
$$;

-- Gives every todo of a list that is not deleted, in their order, a revision after `base` and the place of that revision; one of
-- them goes before another. Answers how many there are. The caller holds the list's lock, and counts its revision up.
CREATE FUNCTION todo.renumber(list uuid, base bigint, mover uuid, upper uuid, at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
DECLARE
    renumbered bigint;
BEGIN
    UPDATE todo.todos t
    SET revision = base + o.nth, position = todo.position_at(base + o.nth), update_time = at
    FROM (
        SELECT t.id, row_number() OVER (ORDER BY beside.position, beside.id, t.id <> mover) AS nth
        FROM todo.todos t
        JOIN todo.todos beside ON beside.list_id = t.list_id AND beside.id = CASE WHEN t.id = mover THEN upper ELSE t.id END
        WHERE t.list_id = list AND t.delete_time IS NULL
    ) o
    WHERE t.list_id = list AND t.id = o.id;
    GET DIAGNOSTICS renumbered = ROW_COUNT;
    RETURN renumbered;
END
$$;
