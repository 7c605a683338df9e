-- The inboxes of the members of these lists.
CREATE FUNCTION todo.inboxes_of_all_members(of_lists uuid[]) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(DISTINCT i.id), '{}')
    FROM todo.list_members m
    JOIN todo.lists i ON i.owner_id = m.user_id AND i.inbox
    WHERE m.list_id = ANY (of_lists)
$$;

-- Takes everything of these users away, at most 100 lists and max_todos todos at a time, and answers whether nothing is left.
-- Only then, and in the same transaction, the cursor is kept: whoever reads it knows what is done. Safe to call again, and at
-- once from several replicas.
--
-- A list goes to the editor who is a member longest. One without an editor goes with its owner, and so does a deleted one.
--
-- Lists first, then what is in them, as every write does; their rows are locked to the end, so a write that waits
-- finds no list.
CREATE OR REPLACE FUNCTION todo.purge_users(users uuid[], up_to text, max_todos bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    theirs uuid[];
    beside uuid[];
    at timestamptz;
    purged bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(x.key) FROM (
        SELECT DISTINCT todo.user_lock(e.id) AS key FROM unnest(users) AS e (id) ORDER BY key
    ) x;
    INSERT INTO todo.deleted_users (user_id, purge_time)
    SELECT DISTINCT e.id, clock_timestamp() FROM unnest(users) AS e (id)
    ON CONFLICT (user_id) DO NOTHING;

    theirs := ARRAY(
        SELECT m.list_id FROM todo.list_members m WHERE m.user_id = ANY (users)
        UNION SELECT s.list_id FROM todo.suspended_members s WHERE s.user_id = ANY (users)
        UNION SELECT l.id FROM todo.lists l WHERE l.owner_id = ANY (users)
        ORDER BY 1 LIMIT 100);
    beside := todo.inboxes_of_all_members(theirs);
    PERFORM FROM todo.lists l WHERE l.id = ANY (theirs || beside) ORDER BY l.id FOR UPDATE;
    IF NOT todo.inboxes_of_all_members(theirs) <@ beside THEN
        -- Somebody became a member of one of these lists meanwhile.
        RETURN false;
    END IF;

    at := clock_timestamp();
    PERFORM todo.leave_lists(users, theirs, at);
    -- Those that nobody took over.
    DELETE FROM todo.todos t WHERE (t.list_id, t.id) IN (
        SELECT p.list_id, p.id FROM todo.lists l JOIN todo.todos p ON p.list_id = l.id
        WHERE l.id = ANY (theirs) AND l.owner_id = ANY (users) LIMIT max_todos);
    GET DIAGNOSTICS purged = ROW_COUNT;
    IF purged >= max_todos THEN
        RETURN false;
    END IF;
    -- With what was written to them until they were locked.
    DELETE FROM todo.lists l WHERE l.id = ANY (theirs) AND l.owner_id = ANY (users);
    IF cardinality(theirs) = 100 THEN
        RETURN false;
    END IF;
    UPDATE todo.feed SET followed_to = up_to WHERE up_to IS NOT NULL;
    RETURN true;
END
$$;

-- Ends the memberships of users in lists that are locked, with the inboxes of all members. Their own lists go to the first
-- editor; those that have none lose their other members too.
CREATE FUNCTION todo.leave_lists(users uuid[], theirs uuid[], at timestamptz) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    -- Whose membership ends, or becomes another.
    changed uuid[];
    ended uuid[];
BEGIN
    DELETE FROM todo.list_members m WHERE m.list_id = ANY (theirs) AND m.user_id = ANY (users);
    DELETE FROM todo.suspended_members s WHERE s.list_id = ANY (theirs) AND s.user_id = ANY (users);

    WITH heirs AS (
        SELECT DISTINCT ON (m.list_id) m.list_id, m.user_id, l.revision + 1 AS revision
        FROM todo.lists l JOIN todo.list_members m ON m.list_id = l.id
        WHERE l.id = ANY (theirs) AND l.owner_id = ANY (users) AND m.role = 'editor'
        ORDER BY m.list_id, m.create_time, m.user_id
    ), raised AS (
        UPDATE todo.list_members m SET role = 'owner', revision = h.revision
        FROM heirs h WHERE m.list_id = h.list_id AND m.user_id = h.user_id
    ), handed_over AS (
        UPDATE todo.lists l SET owner_id = h.user_id FROM heirs h WHERE l.id = h.list_id
    )
    SELECT array_agg(h.user_id) INTO changed FROM heirs h;

    WITH put_out AS (
        DELETE FROM todo.list_members m USING todo.lists l
        WHERE l.id = m.list_id AND l.id = ANY (theirs) AND l.owner_id = ANY (users) RETURNING m.user_id
    )
    SELECT array_agg(p.user_id) INTO ended FROM put_out p;

    UPDATE todo.lists l SET member_count = n.members
    FROM (
        SELECT l.id, (SELECT count(*) FROM todo.list_members m WHERE m.list_id = l.id)
            + (SELECT count(*) FROM todo.suspended_members s WHERE s.list_id = l.id) AS members
        FROM todo.lists l WHERE l.id = ANY (theirs) AND l.owner_id <> ALL (users)
    ) n
    WHERE l.id = n.id;
    PERFORM todo.bump_lists(ARRAY(
        SELECT l.id FROM todo.lists l WHERE l.id = ANY (theirs) AND l.owner_id <> ALL (users)
        UNION ALL
        SELECT i.id FROM todo.lists i WHERE i.owner_id = ANY (changed || ended) AND i.inbox), at);
END
$$;
