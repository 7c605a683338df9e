-- Users who are gone. The row stays: ids are not used again, and a write that comes late finds it and brings nothing back.
CREATE TABLE todo.deleted_users (
    user_id uuid NOT NULL,
    purge_time timestamptz NOT NULL,
    CONSTRAINT deleted_users_pkey PRIMARY KEY (user_id)
);

-- How far auth-service's feed has been followed: the users who were deleted up to this cursor, which only auth-service can
-- read, are purged here. Replicas that purge the same users may leave the earlier of their cursors. One row.
CREATE TABLE todo.feed (
    id smallint NOT NULL,
    followed_to text NOT NULL,
    CONSTRAINT feed_pkey PRIMARY KEY (id),
    CONSTRAINT feed_one_row CHECK (id = 1),
    CONSTRAINT feed_followed_to_length CHECK (char_length(followed_to) <= 64)
);
INSERT INTO todo.feed VALUES (1, '');

CREATE INDEX lists_owner_id ON todo.lists (owner_id);

-- What whoever makes the first list of a user shares, and whoever purges the user has alone.
CREATE FUNCTION todo.user_lock(user_id uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT hashtextextended(user_id::text, 0) $$;

-- Makes the inbox of an owner, unless it is there or the owner is gone. Any number of callers at once make one.
CREATE OR REPLACE FUNCTION todo.ensure_inbox(owner uuid, inbox_id uuid, name text, hash bytea) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    -- Without the lock, an inbox that is made while its owner is purged would outlive the purge: neither sees the other.
    PERFORM pg_advisory_xact_lock_shared(todo.user_lock(owner));
    IF EXISTS (SELECT FROM todo.deleted_users d WHERE d.user_id = owner) THEN
        RETURN;
    END IF;

    INSERT INTO todo.lists (id, owner_id, display_name, inbox, request_hash, create_time, update_time)
    VALUES (inbox_id, owner, name, true, hash, clock_timestamp(), clock_timestamp())
    -- No key is named: with (id), a twin that commits at the same moment violates lists_one_inbox_an_owner (measured).
    ON CONFLICT DO NOTHING;

    INSERT INTO todo.list_members (user_id, list_id, role)
    VALUES (owner, inbox_id, 'owner')
    ON CONFLICT (user_id, list_id) DO NOTHING;
END
$$;

-- As before, and answers gone where the owner has no inbox any more.
CREATE OR REPLACE FUNCTION todo.create_list(owner uuid, inbox_id uuid, new_id uuid, name text, hash bytea, max_lists bigint)
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    earlier todo.lists;
    at timestamptz;
BEGIN
    PERFORM FROM todo.lists l WHERE l.id = inbox_id AND l.owner_id = owner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'gone';
    END IF;
    IF char_length(name) NOT BETWEEN 1 AND 200 OR octet_length(hash) <> 32
       OR get_byte(uuid_send(new_id), 6) >> 4 = 8 THEN
        RETURN 'invalid';
    END IF;

    -- Statements of their own, so that they see what was committed while the lock was awaited.
    SELECT * INTO earlier FROM todo.lists l WHERE l.id = new_id;
    IF FOUND THEN
        RETURN CASE WHEN earlier.owner_id = owner AND earlier.request_hash = hash THEN 'repeated' ELSE 'taken' END;
    END IF;
    IF (SELECT count(*) FROM todo.list_members m WHERE m.user_id = owner AND m.role = 'owner') >= max_lists THEN
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
    INSERT INTO todo.list_members (user_id, list_id, role) VALUES (owner, new_id, 'owner');
    RETURN 'done';
END
$$;

-- Takes everything of these users away, at most max_todos todos at a time, and answers whether nothing is left. Only then, and
-- in the same transaction, the cursor is kept: whoever reads it knows what is done. Safe to call again, and at once from
-- several replicas.
--
-- Lists first, then what is in them, as every write does; their rows are locked to the end, so a write that waits
-- finds no list.
CREATE FUNCTION todo.purge_users(users uuid[], up_to text, max_todos bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    purged bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(x.key) FROM (
        SELECT DISTINCT todo.user_lock(e.id) AS key FROM unnest(users) AS e (id) ORDER BY key
    ) x;
    INSERT INTO todo.deleted_users (user_id, purge_time)
    SELECT DISTINCT e.id, clock_timestamp() FROM unnest(users) AS e (id)
    ON CONFLICT (user_id) DO NOTHING;

    PERFORM FROM todo.lists l WHERE l.owner_id = ANY (users) ORDER BY l.id FOR UPDATE;
    DELETE FROM todo.todos t WHERE (t.list_id, t.id) IN (
        SELECT p.list_id, p.id FROM todo.lists l JOIN todo.todos p ON p.list_id = l.id
        WHERE l.owner_id = ANY (users) LIMIT max_todos);
    GET DIAGNOSTICS purged = ROW_COUNT;
    IF purged >= max_todos THEN
        RETURN false;
    END IF;

    -- With their members, and with what was written to them until they were locked.
    DELETE FROM todo.lists l WHERE l.owner_id = ANY (users);
    DELETE FROM todo.list_members m WHERE m.user_id = ANY (users);
    UPDATE todo.feed SET followed_to = up_to WHERE up_to IS NOT NULL;
    RETURN true;
END
$$;
