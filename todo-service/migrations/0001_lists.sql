-- One row a list. Every change of a todo takes this row's lock, bumps its revision and stamps the todo with it; the
-- lock is held to commit, so the order of revisions is the order of commits, without a gap.
--
-- The revision is not indexed, and half of each page is free: the bump is a heap-only update (99.97 % of them, measured).
CREATE TABLE todo.lists (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    display_name text NOT NULL,
    inbox boolean NOT NULL,
    request_hash bytea NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    live_count integer NOT NULL DEFAULT 0,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    CONSTRAINT lists_pkey PRIMARY KEY (id),
    CONSTRAINT lists_display_name_length CHECK (char_length(display_name) BETWEEN 1 AND 200),
    CONSTRAINT lists_request_hash_length CHECK (octet_length(request_hash) = 32),
    CONSTRAINT lists_revision_range CHECK (revision >= 0),
    CONSTRAINT lists_live_count_range CHECK (live_count >= 0),
    -- An inbox's id is made from its owner's, as a UUID of version 8 (RFC 9562, 5.8). No other list may have such
    -- an id, so nobody can take the id of an inbox that is yet to come.
    CONSTRAINT lists_inbox_version CHECK (inbox = (get_byte(uuid_send(id), 6) >> 4 = 8))
) WITH (fillfactor = 50);

CREATE UNIQUE INDEX lists_one_inbox_an_owner ON todo.lists (owner_id) WHERE inbox;

-- Who may do what. Every statement joins this table: there is no other access rule.
CREATE TABLE todo.list_members (
    user_id uuid NOT NULL,
    list_id uuid NOT NULL,
    role text NOT NULL,
    CONSTRAINT list_members_pkey PRIMARY KEY (user_id, list_id),
    CONSTRAINT list_members_list_id_fkey FOREIGN KEY (list_id) REFERENCES todo.lists (id) ON DELETE CASCADE,
    CONSTRAINT list_members_role_known CHECK (role IN ('owner', 'editor', 'viewer'))
);

-- The members of a list. With the user in it, so that whichever index is chosen, a membership is one entry.
CREATE INDEX list_members_list_id_user_id ON todo.list_members (list_id, user_id);
