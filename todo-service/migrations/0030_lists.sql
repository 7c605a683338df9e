ALTER TABLE todo.list_members
    -- Since when: of several editors, the first one takes over a list whose owner is gone.
    ADD COLUMN create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The revision of the list that the last change of this row made: the version of the member.
    ADD COLUMN revision bigint NOT NULL DEFAULT 0;

UPDATE todo.list_members m SET create_time = l.create_time FROM todo.lists l WHERE l.id = m.list_id;

-- The backstop: a list is handed over, never had by two.
CREATE UNIQUE INDEX list_members_one_owner ON todo.list_members (list_id) WHERE role = 'owner';

-- The members of deleted lists, to come back with them. Kept apart, so that whoever joins list_members, and that is every
-- statement, need not know that lists are deleted.
CREATE TABLE todo.suspended_members (
    user_id uuid NOT NULL,
    list_id uuid NOT NULL,
    role text NOT NULL,
    create_time timestamptz NOT NULL,
    revision bigint NOT NULL,
    CONSTRAINT suspended_members_pkey PRIMARY KEY (user_id, list_id),
    CONSTRAINT suspended_members_list_id_fkey FOREIGN KEY (list_id) REFERENCES todo.lists (id) ON DELETE CASCADE,
    CONSTRAINT suspended_members_role_known CHECK (role IN ('owner', 'editor', 'viewer'))
);

CREATE INDEX suspended_members_list_id ON todo.suspended_members (list_id);

-- Locks lists in the order of their ids: whoever needs several does it so, and no two wait for each other.
CREATE FUNCTION todo.lock_lists(ids uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM FROM todo.lists l WHERE l.id = ANY (ids) ORDER BY l.id FOR NO KEY UPDATE;
END
$$;

-- Numbers a change of lists themselves, which are locked: no todo carries the number. An inbox stands for what its owner
-- sees, so it changes with every membership of theirs.
CREATE FUNCTION todo.bump_lists(ids uuid[], at timestamptz) RETURNS void LANGUAGE sql VOLATILE AS $$
    UPDATE todo.lists l SET revision = l.revision + 1, own_revision = l.revision + 1, update_time = at
    WHERE l.id = ANY (ids)
$$;

-- The inboxes of a list's members, also of those who come back with it.
CREATE FUNCTION todo.inboxes_of_members(list uuid) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(i.id), '{}')
    FROM (
        SELECT m.user_id FROM todo.list_members m WHERE m.list_id = list
        UNION ALL
        SELECT s.user_id FROM todo.suspended_members s WHERE s.list_id = list
    ) u
    JOIN todo.lists i ON i.owner_id = u.user_id AND i.inbox
$$;

-- A list as one of its members sees it; of a deleted one, its owner.
CREATE FUNCTION todo.list_seen_by(reader uuid, list uuid)
RETURNS TABLE (id uuid, display_name text, inbox boolean, owner_id uuid, role text, revision bigint, live_count integer,
               member_count integer, create_time timestamptz, update_time timestamptz, delete_time timestamptz,
               purge_time timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT l.id, l.display_name, l.inbox, l.owner_id, m.role, l.revision, l.live_count, l.member_count, l.create_time,
        l.update_time, l.delete_time, l.purge_time
    FROM (
        SELECT m.list_id, m.role FROM todo.list_members m WHERE m.user_id = reader AND m.list_id = list
        UNION ALL
        SELECT s.list_id, s.role FROM todo.suspended_members s
        WHERE s.user_id = reader AND s.list_id = list AND s.role = 'owner'
    ) m
    JOIN todo.lists l ON l.id = m.list_id
$$;

-- Makes a list. The lock on the owner's inbox, which must be there, lets one change of what the owner sees run at a time:
-- the count is exact. Answers done, repeated (the same request made it before), taken, quota, invalid, or gone where the
-- owner has no inbox any more.
CREATE OR REPLACE FUNCTION todo.create_list(owner uuid, inbox_id uuid, new_id uuid, name text, hash bytea, max_lists bigint)
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    earlier todo.lists;
    at timestamptz;
BEGIN
    -- Whoever purges the owner has this alone, so no list is made that the purge does not see.
    PERFORM pg_advisory_xact_lock_shared(todo.user_lock(owner));
    PERFORM FROM todo.lists l WHERE l.id = inbox_id AND l.owner_id = owner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'gone';
    END IF;
    IF char_length(name) NOT BETWEEN 1 AND 200 OR octet_length(hash) <> 32
       OR get_byte(uuid_send(new_id), 6) >> 4 = 8 THEN
        RETURN 'invalid';
    END IF;

    -- Statements of their own, so that they see what was committed while the lock was awaited. The hash is of the caller
    -- too, whoever has the list by now.
    SELECT * INTO earlier FROM todo.lists l WHERE l.id = new_id;
    IF FOUND THEN
        RETURN CASE WHEN earlier.request_hash = hash THEN 'repeated' ELSE 'taken' END;
    END IF;
    IF (SELECT count(*) FROM todo.list_members m WHERE m.user_id = owner) >= max_lists THEN
        RETURN 'quota';
    END IF;

    at := clock_timestamp();
    INSERT INTO todo.lists (id, owner_id, display_name, inbox, request_hash, create_time, update_time)
    VALUES (new_id, owner, name, false, hash, at, at)
    ON CONFLICT (id) DO NOTHING;
    IF NOT FOUND THEN
        -- Somebody else's list was committed under this id a moment ago.
        RETURN 'taken';
    END IF;
    INSERT INTO todo.list_members (user_id, list_id, role, create_time) VALUES (owner, new_id, 'owner', at);
    PERFORM todo.bump_lists(ARRAY[inbox_id], at);
    RETURN 'done';
END
$$;
