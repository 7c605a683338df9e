-- As before; but what is due to be purged does not come back: its todos may be gone already, some or all.
CREATE OR REPLACE FUNCTION todo.change_list(caller uuid, list uuid, action text, expected bigint, name text, retention interval,
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
        WHEN it.delete_time IS NOT NULL AND (action <> 'undelete' OR it.purge_time <= at) THEN 'deleted'
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
