-- Brings a deleted todo back, with the children that were deleted with it, if its revision is the expected one or none is
-- expected. Below a parent that is deleted it comes back as a todo of its own.
--
-- Outcomes: done; live (it is not deleted); mismatch; quota; none where there is no such todo, or it is not the user's to write.
--
-- Lock first, then work: see todo.create_todos.
CREATE FUNCTION todo.undelete_todo(user_id uuid, list uuid, todo_id uuid, expected bigint, max_live bigint)
RETURNS TABLE (outcome text, todo todo.todos)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
#variable_conflict use_variable
DECLARE
    l todo.lists;
    restored bigint;
BEGIN
    PERFORM FROM todo.lists x
    WHERE x.id = (SELECT m.list_id FROM todo.list_members m WHERE m.user_id = user_id AND m.list_id = list AND m.role <> 'viewer')
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    -- The membership again: it may have been taken away during the wait.
    SELECT x.* INTO l FROM todo.list_members m JOIN todo.lists x ON x.id = m.list_id
    WHERE m.user_id = user_id AND m.list_id = list AND m.role <> 'viewer';
    SELECT t.* INTO todo FROM todo.todos t WHERE t.list_id = l.id AND t.id = todo_id AND t.moved_to IS NULL;
    IF todo.id IS NULL THEN
        RETURN;
    END IF;
    outcome := CASE
        WHEN todo.revision <> expected THEN 'mismatch'
        WHEN todo.delete_time IS NULL THEN 'live'
        WHEN l.live_count + (
            SELECT count(*) FROM todo.todos t
            WHERE t.list_id = list AND (t.id = todo_id OR t.parent_id = todo_id AND t.delete_time = todo.delete_time)
        ) > max_live THEN 'quota'
        ELSE 'done'
    END;
    IF outcome <> 'done' THEN
        RETURN NEXT;
        RETURN;
    END IF;

    UPDATE todo.todos t
    SET delete_time = NULL, purge_time = NULL, update_time = clock_timestamp(), revision = l.revision + o.nth,
        parent_id = CASE WHEN t.id <> todo_id OR EXISTS (
            SELECT FROM todo.todos p WHERE p.list_id = list AND p.id = t.parent_id AND p.delete_time IS NULL) THEN t.parent_id END
    FROM (
        SELECT t.id, row_number() OVER (ORDER BY t.id <> todo_id, t.position, t.id) AS nth FROM todo.todos t
        WHERE t.list_id = list AND (t.id = todo_id OR t.parent_id = todo_id AND t.delete_time = todo.delete_time)
    ) o
    WHERE t.list_id = list AND t.id = o.id;
    GET DIAGNOSTICS restored = ROW_COUNT;
    UPDATE todo.lists x
    SET revision = x.revision + restored, live_count = x.live_count + restored, update_time = clock_timestamp()
    WHERE x.id = list;

    SELECT t.* INTO todo FROM todo.todos t WHERE t.list_id = list AND t.id = todo_id;
    RETURN NEXT;
END
$$;
