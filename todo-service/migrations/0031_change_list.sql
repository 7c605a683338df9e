-- Changes a list: action rename, delete or undelete, if its revision is the expected one or none is expected. A row with
-- the list as it then is; no row means that there is no such list, or that it is not the caller's.
--
-- Outcomes: done; unchanged; mismatch (the row has the present revision); deleted (only undelete is left); not_deleted;
-- inbox (it is one, and stays); quota (the owner has as many lists as allowed); again (somebody became a member
-- meanwhile: ask again); invalid (a CHECK would refuse it).
CREATE FUNCTION todo.change_list(caller uuid, list uuid, action text, expected bigint, name text, retention interval,
                                 max_lists bigint)
RETURNS TABLE (outcome text, id uuid, display_name text, inbox boolean, owner_id uuid, role text, revision bigint,
               live_count integer, member_count integer, create_time timestamptz, update_time timestamptz,
               delete_time timestamptz, purge_time timestamptz)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    -- What is locked and numbered beside the list: a deleted list changes what its members see, a name does not.
    inboxes uuid[] := CASE WHEN action = 'rename' THEN '{}' ELSE todo.inboxes_of_members(list) END;
    at timestamptz;
    it todo.lists;
    verdict text;
BEGIN
    -- Only its owner gets a lock.
    IF EXISTS (SELECT FROM todo.lists l WHERE l.id = list AND l.owner_id = caller) THEN
        PERFORM todo.lock_lists(list || inboxes);
    END IF;
    -- Statements of their own, so that they see what was committed while the locks were awaited.
    SELECT * INTO it FROM todo.lists l WHERE l.id = list AND l.owner_id = caller;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    at := clock_timestamp();
    verdict := CASE
        WHEN action = 'undelete' AND it.delete_time IS NULL THEN 'not_deleted'
        WHEN action <> 'undelete' AND it.delete_time IS NOT NULL THEN 'deleted'
        WHEN action = 'delete' AND it.inbox THEN 'inbox'
        WHEN expected <> it.revision THEN 'mismatch'
        WHEN action NOT IN ('rename', 'delete', 'undelete') OR char_length(name) NOT BETWEEN 1 AND 200 THEN 'invalid'
        WHEN action = 'rename' AND coalesce(name, it.display_name) = it.display_name THEN 'unchanged'
        WHEN action <> 'rename' AND NOT todo.inboxes_of_members(list) <@ inboxes THEN 'again'
        WHEN action = 'undelete'
            AND (SELECT count(*) FROM todo.list_members m WHERE m.user_id = caller) >= max_lists THEN 'quota'
        ELSE 'done'
    END;
    IF verdict = 'done' THEN
        CASE action
            WHEN 'rename' THEN UPDATE todo.lists l SET display_name = name WHERE l.id = list;
            WHEN 'delete' THEN PERFORM todo.suspend_members(list, at, at + retention);
            ELSE PERFORM todo.restore_members(list, max_lists);
        END CASE;
        PERFORM todo.bump_lists(list || inboxes, at);
    END IF;
    RETURN QUERY SELECT verdict, s.* FROM todo.list_seen_by(caller, list) s;
END
$$;

-- Deletes a list that is locked, with the inboxes of its members.
CREATE FUNCTION todo.suspend_members(list uuid, at timestamptz, purge_at timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    WITH gone AS (DELETE FROM todo.list_members m WHERE m.list_id = list RETURNING m.*)
    INSERT INTO todo.suspended_members (user_id, list_id, role, create_time, revision)
    SELECT g.user_id, g.list_id, g.role, g.create_time, g.revision FROM gone g;

    UPDATE todo.lists l SET delete_time = at, purge_time = purge_at WHERE l.id = list;
END
$$;

-- Undeletes a list that is locked, with the inboxes of its members. Those who have as many lists as allowed by now are not
-- members of it any more.
CREATE FUNCTION todo.restore_members(list uuid, max_lists bigint) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    WITH back AS (DELETE FROM todo.suspended_members s WHERE s.list_id = list RETURNING s.*)
    INSERT INTO todo.list_members (user_id, list_id, role, create_time, revision)
    SELECT b.user_id, b.list_id, b.role, b.create_time, b.revision FROM back b
    WHERE (SELECT count(*) FROM todo.list_members m WHERE m.user_id = b.user_id) < max_lists;

    UPDATE todo.lists l SET delete_time = NULL, purge_time = NULL,
        member_count = (SELECT count(*) FROM todo.list_members m WHERE m.list_id = list)
    WHERE l.id = list;
END
$$;
