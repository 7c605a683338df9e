-- Who did what from where: rows are added, read and, after the time of retention, deleted; the service may not rewrite
-- them. Nothing secret stands here, and no foreign key: an event outlives its user.
CREATE TABLE auth.events (
    id         uuid        NOT NULL,
    -- The order in which consumers get the events: given under a lock, after the row is there.
    seq        bigint,
    at         timestamptz NOT NULL,
    kind       text        NOT NULL,
    -- Whom it happened to, and who did it; the two may be one. Null where nobody is known.
    user_id    uuid,
    actor_id   uuid,
    session_id uuid,
    -- Whence: the name in the caller's certificate, its address, and the id of the call.
    peer       text,
    address    text,
    request_id text,
    -- What else there is to say about an event of this kind.
    details    jsonb       NOT NULL,

    CONSTRAINT events_pkey PRIMARY KEY (id),
    CONSTRAINT events_seq_key UNIQUE (seq),
    CONSTRAINT events_kind_check CHECK (kind IN (
        'user_registered', 'user_updated', 'user_disabled', 'user_enabled', 'user_deleted', 'roles_set',
        'password_changed', 'password_reset_requested', 'password_reset',
        'email_changed', 'email_verification_requested', 'email_verified',
        'logged_in', 'log_in_failed', 'logged_out', 'session_revoked', 'sessions_revoked', 'refresh_token_reused'
    )),
    CONSTRAINT events_details_check CHECK (jsonb_typeof(details) = 'object')
);

-- The pages of the audit trail, of one user or one kind too, and the end of old events.
CREATE INDEX events_at_index ON auth.events (at, id);
CREATE INDEX events_user_index ON auth.events (user_id, at, id);
CREATE INDEX events_kind_index ON auth.events (kind, at, id);

REVOKE UPDATE ON auth.events FROM auth_service;
GRANT UPDATE (seq) ON auth.events TO auth_service;
