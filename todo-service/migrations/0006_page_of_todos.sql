-- Up to max_rows todos that are not deleted, of the reader's lists from first_list to last_list, by (list_id, id), after that
-- key. It goes through the lists in turn, reads of each no more than it returns, and stops when it has enough.
--
-- As one statement the planner must guess how many lists and todos there are, and where it guesses few it reads and sorts
-- them all. So the order is the index's, by decree.
CREATE FUNCTION todo.page_of_todos(reader uuid, first_list uuid, last_list uuid, after_list uuid, after_id uuid, max_rows bigint)
RETURNS SETOF todo.todos
LANGUAGE plpgsql STABLE SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE
    list uuid;
    after uuid;
    found_here bigint;
BEGIN
    FOR list IN
        SELECT m.list_id FROM todo.list_members m
        WHERE m.user_id = reader AND m.list_id BETWEEN first_list AND last_list
        ORDER BY m.list_id
    LOOP
        after := CASE WHEN list = after_list THEN after_id END;
        RETURN QUERY
        SELECT t.* FROM todo.todos t
        WHERE t.list_id = list AND t.delete_time IS NULL
            AND t.id >= coalesce(after, '00000000-0000-0000-0000-000000000000') AND t.id IS DISTINCT FROM after
        ORDER BY t.id LIMIT max_rows;
        GET DIAGNOSTICS found_here = ROW_COUNT;
        max_rows := max_rows - found_here;
        EXIT WHEN max_rows <= 0;
    END LOOP;
END
$$;
