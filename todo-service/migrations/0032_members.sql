-- Makes a user a member of the caller's list, as editor or viewer. A row; no row means that there is no such list, or that
-- it is not the caller's.
--
-- Outcomes: done; unchanged (a member with that role already); other (a member with another role: the row has it); inbox
-- (it is one, and is its owner's alone); gone (the user has been deleted); members (the list has as many as allowed); lists
-- (the user sees as many as allowed); invalid (a CHECK would refuse it).
CREATE FUNCTION todo.share_list(caller uuid, list uuid, target uuid, inbox_id uuid, inbox_name text, inbox_hash bytea,
                                new_role text, max_members bigint, max_lists bigint)
RETURNS TABLE (outcome text, role text, create_time timestamptz, revision bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    it todo.lists;
    present todo.list_members;
    at timestamptz;
    verdict text;
BEGIN
    -- Only the owner gets a lock, and leaves a trace.
    PERFORM FROM todo.lists l WHERE l.id = list AND l.owner_id = caller AND l.delete_time IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- With the lock that whoever purges the user has alone, so no membership is made that the purge does not see.
    PERFORM todo.ensure_inbox(target, inbox_id, inbox_name, inbox_hash);
    -- The lock on the list makes the count of its members exact, that on the inbox the count of the user's lists.
    PERFORM todo.lock_lists(ARRAY[list, inbox_id]);

    -- Statements of their own, so that they see what was committed while the locks were awaited.
    SELECT * INTO it FROM todo.lists l WHERE l.id = list AND l.owner_id = caller AND l.delete_time IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO present FROM todo.list_members m WHERE m.user_id = target AND m.list_id = list;
    verdict := CASE
        WHEN it.inbox THEN 'inbox'
        WHEN present.role = new_role THEN 'unchanged'
        WHEN present.role <> new_role THEN 'other'
        WHEN NOT EXISTS (SELECT FROM todo.lists i WHERE i.id = inbox_id) THEN 'gone'
        WHEN it.member_count >= max_members THEN 'members'
        WHEN (SELECT count(*) FROM todo.list_members m WHERE m.user_id = target) >= max_lists THEN 'lists'
        WHEN new_role NOT IN ('viewer', 'editor') THEN 'invalid'
        ELSE 'done'
    END;
    IF verdict = 'done' THEN
        at := clock_timestamp();
        INSERT INTO todo.list_members (user_id, list_id, role, create_time, revision)
        VALUES (target, list, new_role, at, it.revision + 1)
        RETURNING * INTO present;
        UPDATE todo.lists l SET member_count = l.member_count + 1 WHERE l.id = list;
        PERFORM todo.bump_lists(ARRAY[list, inbox_id], at);
    END IF;
    RETURN QUERY SELECT verdict, present.role, present.create_time, present.revision;
END
$$;

-- Changes a member of the caller's list: action role (to new_role, where not null; owner hands the list over, and the caller
-- becomes an editor) or remove, if the member's revision is the expected one or none is expected. Or the caller leaves
-- somebody's list. A row with the member as it then is, or as it was; no row means that there is no such list, or that the
-- caller may not do that.
--
-- Outcomes: done; unchanged; absent (no such member); mismatch; owner (a list keeps the one it has); inbox (it is one);
-- invalid (a CHECK would refuse it).
CREATE FUNCTION todo.change_member(caller uuid, list uuid, target uuid, action text, expected bigint, new_role text)
RETURNS TABLE (outcome text, role text, create_time timestamptz, revision bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    -- Of those whose membership changes.
    inboxes uuid[] := ARRAY(SELECT i.id FROM todo.lists i WHERE i.inbox
        AND (i.owner_id = target OR i.owner_id = caller AND new_role = 'owner'));
    it todo.lists;
    present todo.list_members;
    verdict text;
BEGIN
    -- Only who may do that gets a lock.
    IF EXISTS (SELECT FROM todo.list_members m
               WHERE m.user_id = caller AND m.list_id = list AND (m.role = 'owner' OR action = 'leave')) THEN
        PERFORM todo.lock_lists(list || inboxes);
    END IF;
    -- Statements of their own, so that they see what was committed while the locks were awaited.
    PERFORM FROM todo.list_members m
    WHERE m.user_id = caller AND m.list_id = list AND (m.role = 'owner' OR action = 'leave');
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO it FROM todo.lists l WHERE l.id = list;
    SELECT * INTO present FROM todo.list_members m WHERE m.user_id = target AND m.list_id = list;
    verdict := CASE
        WHEN it.inbox THEN 'inbox'
        WHEN present.user_id IS NULL THEN 'absent'
        WHEN expected <> present.revision THEN 'mismatch'
        WHEN action = 'role' AND coalesce(new_role, present.role) = present.role THEN 'unchanged'
        WHEN present.role = 'owner' THEN 'owner'
        WHEN action NOT IN ('role', 'remove', 'leave') OR new_role NOT IN ('viewer', 'editor', 'owner') THEN 'invalid'
        ELSE 'done'
    END;
    IF verdict = 'done' THEN
        IF action = 'role' THEN
            -- One after the other: a list never has two owners.
            UPDATE todo.list_members m SET role = 'editor', revision = it.revision + 1
            WHERE m.user_id = caller AND m.list_id = list AND new_role = 'owner';
            UPDATE todo.list_members m SET role = new_role, revision = it.revision + 1
            WHERE m.user_id = target AND m.list_id = list RETURNING * INTO present;
            UPDATE todo.lists l SET owner_id = target WHERE l.id = list AND new_role = 'owner';
        ELSE
            DELETE FROM todo.list_members m WHERE m.user_id = target AND m.list_id = list;
            UPDATE todo.lists l SET member_count = l.member_count - 1 WHERE l.id = list;
        END IF;
        PERFORM todo.bump_lists(list || inboxes, clock_timestamp());
    END IF;
    RETURN QUERY SELECT verdict, present.role, present.create_time, present.revision;
END
$$;
