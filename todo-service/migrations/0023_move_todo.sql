-- Takes a todo and its children from one list to the end of another, the todo itself to a place there. What stays is a mark for
-- those who follow the first list; it keeps the request id, so that a late repeat makes no second todo. What goes back takes the
-- place of its mark: what was deleted below it is a part of it again, and the request that made it is known. Answers how many
-- went. The caller holds both lists' locks, has found the ids free, and counts the revisions up.
CREATE FUNCTION todo.carry(moved uuid, source todo.lists, target todo.lists, place text, at timestamptz, retention interval)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
DECLARE
    t todo.todos;
    nth bigint := 0;
BEGIN
    FOR t IN
        SELECT * FROM todo.todos c
        WHERE c.list_id = source.id AND (c.id = moved OR c.parent_id = moved) AND c.delete_time IS NULL
        ORDER BY c.id <> moved, c.position, c.id
    LOOP
        nth := nth + 1;
        UPDATE todo.todos c
        SET revision = source.revision + nth, moved_to = target.id, parent_id = NULL, notes = '', icalendar = NULL, update_time = at,
            delete_time = at, purge_time = at + retention
        WHERE c.list_id = t.list_id AND c.id = t.id;

        t.list_id := target.id;
        t.revision := target.revision + nth;
        t.position := CASE WHEN nth = 1 THEN place ELSE todo.position_at(t.revision) END;
        t.parent_id := CASE WHEN nth > 1 THEN moved END;
        t.request_id := NULL;
        t.update_time := at;
        INSERT INTO todo.todos SELECT t.*
        ON CONFLICT ON CONSTRAINT todos_pkey DO UPDATE
        SET title = t.title, notes = t.notes, state = t.state, revision = t.revision, update_time = at, complete_time = t.complete_time,
            delete_time = NULL, purge_time = NULL, priority = t.priority, labels = t.labels, due = t.due, due_zone = t.due_zone,
            recurrence = t.recurrence, parent_id = t.parent_id, icalendar = t.icalendar, position = t.position,
            next_id = t.next_id, moved_to = NULL;
    END LOOP;
    RETURN nth;
END
$$;

-- Moves a todo next to another one (side -1 before it, 1 after it), or to the end (anchor null), in its list or in another one,
-- if its revision is the expected one or none is expected. Its children go to another list with it.
--
-- Outcomes: done; unchanged (it stands there already); mismatch; list (there is no such list to go to); anchor (there is no such
-- todo in that list); taken (the other list has a todo of that id); quota; none where there is no such todo. What is not the
-- mover's to write is not there.
--
-- Lock first, then work: see todo.create_todos.
CREATE FUNCTION todo.move_todo(mover uuid, from_list uuid, todo_id uuid, to_list uuid, anchor_id uuid, side integer,
                               expected bigint, max_live bigint, retention interval)
RETURNS TABLE (outcome text, todo todo.todos)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
DECLARE
    locked uuid[];
    at timestamptz;
    source todo.lists;
    target todo.lists;
    anchor todo.todos;
    gap record;
    place text;
    carried bigint := 0;
    changed bigint := 0;
BEGIN
    SELECT array_agg(x.id) INTO locked FROM (
        SELECT l.id FROM todo.lists l
        WHERE l.id = ANY (ARRAY(
            SELECT m.list_id FROM todo.list_members m
            WHERE m.user_id = mover AND m.list_id IN (from_list, to_list) AND m.role <> 'viewer'))
        ORDER BY l.id FOR NO KEY UPDATE
    ) x;
    at := clock_timestamp();

    SELECT l.* INTO source FROM todo.list_members m JOIN todo.lists l ON l.id = m.list_id
    WHERE m.user_id = mover AND m.list_id = from_list AND m.role <> 'viewer' AND m.list_id = ANY (locked);
    SELECT l.* INTO target FROM todo.list_members m JOIN todo.lists l ON l.id = m.list_id
    WHERE m.user_id = mover AND m.list_id = to_list AND m.role <> 'viewer' AND m.list_id = ANY (locked);
    SELECT t.* INTO todo FROM todo.todos t WHERE t.list_id = source.id AND t.id = todo_id AND t.delete_time IS NULL;
    IF todo.id IS NULL THEN
        -- A repeat, perhaps, whose first call went through.
        SELECT t.* INTO todo FROM todo.todos mark JOIN todo.todos t ON t.list_id = mark.moved_to AND t.id = mark.id
        WHERE mark.list_id = source.id AND mark.id = todo_id AND mark.moved_to = target.id AND t.delete_time IS NULL;
        IF FOUND THEN
            outcome := 'unchanged';
            RETURN NEXT;
        END IF;
        RETURN;
    END IF;
    SELECT t.* INTO anchor FROM todo.todos t
    WHERE t.list_id = to_list AND t.id = anchor_id AND t.delete_time IS NULL AND (t.list_id, t.id) <> (from_list, todo_id);
    outcome := CASE
        WHEN target.id IS NULL THEN 'list'
        WHEN anchor_id IS NOT NULL AND anchor.id IS NULL THEN 'anchor'
        WHEN todo.revision <> expected THEN 'mismatch'
    END;
    IF outcome IS NOT NULL THEN
        RETURN NEXT;
        RETURN;
    END IF;

    gap := todo.gap(to_list, todo_id, anchor, side);
    place := CASE WHEN (gap.upper).id IS NULL THEN todo.position_at(target.revision + 1)
        ELSE todo.position_between(coalesce((gap.lower).position, ''), (gap.upper).position) END;
    IF from_list <> to_list THEN
        SELECT CASE
            WHEN bool_or(o.id IS NOT NULL AND o.moved_to IS NULL) THEN 'taken'
            WHEN target.live_count + count(*) > max_live THEN 'quota'
        END INTO outcome
        FROM todo.todos c LEFT JOIN todo.todos o ON o.list_id = to_list AND o.id = c.id
        WHERE c.list_id = from_list AND (c.id = todo_id OR c.parent_id = todo_id) AND c.delete_time IS NULL;
        IF outcome IS NOT NULL THEN
            RETURN NEXT;
            RETURN;
        END IF;
        carried := todo.carry(todo_id, source, target, coalesce(place, todo.position_at(target.revision + 1)), at, retention);
        UPDATE todo.lists l SET revision = l.revision + carried, live_count = l.live_count - carried, update_time = at
        WHERE l.id = from_list;
    ELSIF ((gap.lower).id IS NULL OR (todo.position, todo.id) > ((gap.lower).position, (gap.lower).id))
        AND ((gap.upper).id IS NULL OR (todo.position, todo.id) < ((gap.upper).position, (gap.upper).id)) THEN
        outcome := 'unchanged';
        RETURN NEXT;
        RETURN;
    ELSIF place IS NOT NULL THEN
        UPDATE todo.todos t SET position = place, revision = target.revision + 1, update_time = at
        WHERE t.list_id = to_list AND t.id = todo_id;
        changed := 1;
    END IF;
    IF place IS NULL THEN
        changed := todo.renumber(to_list, target.revision + carried, todo_id, (gap.upper).id, at);
    END IF;
    UPDATE todo.lists l SET revision = l.revision + carried + changed, live_count = l.live_count + carried, update_time = at
    WHERE l.id = to_list;

    outcome := 'done';
    SELECT t.* INTO todo FROM todo.todos t WHERE t.list_id = to_list AND t.id = todo_id;
    RETURN NEXT;
END
$$;
