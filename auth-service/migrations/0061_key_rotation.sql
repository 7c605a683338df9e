-- The life of a key: published at its creation, signing from its activation to its retirement, gone when the last token
-- that it signed has expired.
ALTER TABLE auth.signing_keys
    ADD COLUMN activated_at timestamptz,
    ADD COLUMN retired_at   timestamptz;

UPDATE auth.signing_keys SET activated_at = created_at WHERE state IN ('active', 'retired');
UPDATE auth.signing_keys SET retired_at = created_at WHERE state = 'retired';

ALTER TABLE auth.signing_keys
    ADD CONSTRAINT signing_keys_times_check CHECK (
        (activated_at IS NOT NULL) = (state IN ('active', 'retired')) AND (retired_at IS NOT NULL) = (state = 'retired')
    );

-- One key waits at most.
CREATE UNIQUE INDEX signing_keys_pending_key ON auth.signing_keys (state) WHERE state = 'pending';

-- What becomes of the keys is an act like others, and whoever follows the events is told.
ALTER TABLE auth.events
    DROP CONSTRAINT events_kind_check,
    ADD CONSTRAINT events_kind_check CHECK (kind IN (
        'user_registered', 'user_updated', 'user_disabled', 'user_enabled', 'user_deleted', 'roles_set',
        'password_changed', 'password_reset_requested', 'password_reset',
        'email_changed', 'email_verification_requested', 'email_verified',
        'logged_in', 'log_in_failed', 'logged_out', 'session_revoked', 'sessions_revoked', 'session_superseded',
        'refresh_token_reused', 'keys_changed'
    ));
