-- A deleted todo stays as a tombstone until purge_time, so that a reader of "revision > cursor" learns of it.
-- Everything unique is unique within its list: the table can be sharded by list_id.
CREATE TABLE todo.todos (
    list_id uuid NOT NULL,
    id uuid NOT NULL,
    title text NOT NULL,
    notes text NOT NULL,
    state text NOT NULL,
    creator_id uuid NOT NULL,
    revision bigint NOT NULL,
    request_id uuid,
    -- What the creating request said (creator, chosen id, body): a repeat says the same.
    request_hash bytea NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    complete_time timestamptz,
    delete_time timestamptz,
    purge_time timestamptz,
    CONSTRAINT todos_pkey PRIMARY KEY (list_id, id),
    -- The index of those who follow a list, and the backstop of the stamps: no revision is given out twice.
    CONSTRAINT todos_list_id_revision_key UNIQUE (list_id, revision),
    CONSTRAINT todos_list_id_fkey FOREIGN KEY (list_id) REFERENCES todo.lists (id) ON DELETE CASCADE,
    CONSTRAINT todos_title_length CHECK (char_length(title) BETWEEN 1 AND 500),
    CONSTRAINT todos_notes_length CHECK (char_length(notes) <= 10000),
    CONSTRAINT todos_state_known CHECK (state IN ('open', 'completed')),
    CONSTRAINT todos_complete_time_of_completed CHECK ((state = 'completed') = (complete_time IS NOT NULL)),
    CONSTRAINT todos_purge_time_of_deleted CHECK ((delete_time IS NULL) = (purge_time IS NULL)),
    CONSTRAINT todos_revision_range CHECK (revision >= 1),
    CONSTRAINT todos_request_hash_length CHECK (octet_length(request_hash) = 32)
);

-- A request id counts within its list and for its caller: nobody can use up, or find out, another member's.
CREATE UNIQUE INDEX todos_one_of_each_request ON todo.todos (list_id, creator_id, request_id) WHERE request_id IS NOT NULL;
