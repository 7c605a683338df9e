-- What the batches wrote that came with a request id, so that a repeat is told the same.
CREATE TABLE todo.batches (
    user_id uuid NOT NULL,
    request_id uuid NOT NULL,
    request_hash bytea NOT NULL,
    list_ids uuid[] NOT NULL,
    ids uuid[] NOT NULL,
    create_time timestamptz NOT NULL,
    CONSTRAINT batches_pkey PRIMARY KEY (user_id, request_id),
    CONSTRAINT batches_request_hash_length CHECK (octet_length(request_hash) = 32),
    CONSTRAINT batches_ids_count CHECK (cardinality(ids) <= 100 AND cardinality(ids) = cardinality(list_ids))
);

CREATE INDEX batches_create_time ON todo.batches (create_time);
