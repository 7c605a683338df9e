-- One log-in of one user on one device. A refresh token is session, counter and a keyed MAC over both, so that it can be
-- made again; here stand only SHA-256 hashes of the latest one and of the one before.
CREATE TABLE auth.sessions (
    id                  uuid        NOT NULL,
    user_id             uuid        NOT NULL,
    device_name         text        NOT NULL,
    created_at          timestamptz NOT NULL,
    current_hash        bytea       NOT NULL,
    previous_hash       bytea,
    -- Of the current token; the first has 1.
    counter             bigint      NOT NULL,
    rotated_at          timestamptz NOT NULL,
    -- Moves with each refresh and never beyond the absolute end, so that it alone tells whether a session has expired.
    idle_expires_at     timestamptz NOT NULL,
    absolute_expires_at timestamptz NOT NULL,
    ended_at            timestamptz,
    end_reason          text,
    last_seen_at        timestamptz NOT NULL,

    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_user_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT sessions_device_name_check CHECK (char_length(device_name) <= 100),
    CONSTRAINT sessions_current_hash_check CHECK (octet_length(current_hash) = 32),
    CONSTRAINT sessions_previous_hash_check CHECK (octet_length(previous_hash) = 32),
    CONSTRAINT sessions_counter_check CHECK (counter >= 1),
    CONSTRAINT sessions_expiry_check CHECK (idle_expires_at <= absolute_expires_at),
    CONSTRAINT sessions_end_reason_check CHECK (end_reason IN ('logged_out', 'token_reused', 'superseded')),
    CONSTRAINT sessions_end_check CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

-- A user's live sessions, by age.
CREATE INDEX sessions_live_index ON auth.sessions (user_id, created_at) WHERE ended_at IS NULL;
