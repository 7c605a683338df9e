-- What is to be mailed: errands, sealed under the service's own secret, so that whoever reads this table learns neither
-- addresses nor texts. No token rests here: it is made when the mail is written.
CREATE TABLE auth.outbox (
    id          uuid        NOT NULL,
    sealed      bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    -- Whoever works on an errand moves this ahead, so that it comes back if they die.
    due_at      timestamptz NOT NULL,
    -- From then on it is not worth sending.
    expires_at  timestamptz NOT NULL,
    attempts    integer     NOT NULL,
    -- When the limits on mail let it pass: another attempt does not count again.
    admitted_at timestamptz,

    CONSTRAINT outbox_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_attempts_check CHECK (attempts >= 0)
);

CREATE INDEX outbox_due_index ON auth.outbox (due_at, id);

-- Tokens that went out by mail, as SHA-256 hashes. A user has one of each purpose: a new one takes the place of the one
-- before. A token that is used is deleted.
CREATE TABLE auth.mail_tokens (
    user_id    uuid        NOT NULL,
    purpose    text        NOT NULL,
    hash       bytea       NOT NULL,
    -- The address that it went to.
    email      text        NOT NULL COLLATE "C",
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,

    CONSTRAINT mail_tokens_pkey PRIMARY KEY (user_id, purpose),
    CONSTRAINT mail_tokens_hash_key UNIQUE (hash),
    CONSTRAINT mail_tokens_user_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT mail_tokens_purpose_check CHECK (purpose IN ('password_reset', 'email_verification')),
    CONSTRAINT mail_tokens_hash_check CHECK (octet_length(hash) = 32)
);

CREATE INDEX mail_tokens_expiry_index ON auth.mail_tokens (expires_at);

-- How much mail went to whom in the present hour. The key is a keyed MAC of what the mail is counted by.
CREATE TABLE auth.mail_allowances (
    key       bytea       NOT NULL,
    opened_at timestamptz NOT NULL,
    last_at   timestamptz NOT NULL,
    count     integer     NOT NULL,

    CONSTRAINT mail_allowances_pkey PRIMARY KEY (key),
    CONSTRAINT mail_allowances_key_check CHECK (octet_length(key) = 32),
    CONSTRAINT mail_allowances_count_check CHECK (count >= 1)
);

CREATE INDEX mail_allowances_opened_index ON auth.mail_allowances (opened_at);
