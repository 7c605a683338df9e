-- Makes the inbox of an owner, unless it is there. Any number of callers at once make one.
CREATE FUNCTION todo.ensure_inbox(owner uuid, inbox_id uuid, name text, hash bytea) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    INSERT INTO todo.lists (id, owner_id, display_name, inbox, request_hash, create_time, update_time)
    VALUES (inbox_id, owner, name, true, hash, clock_timestamp(), clock_timestamp())
    -- No key is named: with (id), a twin that commits at the same moment violates lists_one_inbox_an_owner (measured).
    ON CONFLICT DO NOTHING;

    INSERT INTO todo.list_members (user_id, list_id, role)
    VALUES (owner, inbox_id, 'owner')
    ON CONFLICT (user_id, list_id) DO NOTHING;
END
$$;

-- Makes a list. The lock on the owner's inbox, which must be there, lets one such call of an owner run at a time: the
-- count is exact. Answers done, repeated (the same request made it before), taken, quota or invalid.
CREATE FUNCTION todo.create_list(owner uuid, inbox_id uuid, new_id uuid, name text, hash bytea, max_lists bigint)
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    earlier todo.lists;
    at timestamptz;
BEGIN
    PERFORM FROM todo.lists l WHERE l.id = inbox_id AND l.owner_id = owner FOR NO KEY UPDATE;
    IF NOT FOUND OR char_length(name) NOT BETWEEN 1 AND 200 OR octet_length(hash) <> 32
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
