-- The pages of the users, in order of username or of address: those of one state, with or without the role, are one
-- range of the index.
CREATE INDEX users_username_index ON auth.users (state, ('admin' = ANY (roles)), lower(username));
CREATE INDEX users_email_index ON auth.users (state, ('admin' = ANY (roles)), lower(email), id) WHERE email IS NOT NULL;

-- Whence a session was last seen, and the SHA-256 of the certificate that its tokens are bound to.
ALTER TABLE auth.sessions
    ADD COLUMN peer        text,
    ADD COLUMN address     text,
    ADD COLUMN user_agent  text,
    ADD COLUMN certificate bytea,
    ADD CONSTRAINT sessions_certificate_check CHECK (octet_length(certificate) = 32),
    DROP CONSTRAINT sessions_end_reason_check,
    ADD CONSTRAINT sessions_end_reason_check CHECK (end_reason IN (
        'logged_out', 'token_reused', 'superseded', 'revoked', 'password_changed', 'password_reset', 'user_disabled'
    ));
