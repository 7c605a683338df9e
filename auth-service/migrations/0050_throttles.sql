-- Who was tried with wrong passwords of late, so that each further guess takes longer. The key is a keyed MAC of the name
-- that was typed, or of the user: a name that nobody has stands here like any other, and a dump tells none.
CREATE TABLE auth.throttles (
    key           bytea       NOT NULL,
    -- Since the last success; an attempt counts as one until it has succeeded.
    failures      integer     NOT NULL,
    blocked_until timestamptz NOT NULL,
    last_at       timestamptz NOT NULL,

    CONSTRAINT throttles_pkey PRIMARY KEY (key),
    CONSTRAINT throttles_key_check CHECK (octet_length(key) = 32),
    CONSTRAINT throttles_failures_check CHECK (failures >= 0)
);

-- Rows that count for nothing any more.
CREATE INDEX throttles_last_at_index ON auth.throttles (last_at);
