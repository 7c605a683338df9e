-- A session that ended because its user opened one too many is an act too.
ALTER TABLE auth.events
    DROP CONSTRAINT events_kind_check,
    ADD CONSTRAINT events_kind_check CHECK (kind IN (
        'user_registered', 'user_updated', 'user_disabled', 'user_enabled', 'user_deleted', 'roles_set',
        'password_changed', 'password_reset_requested', 'password_reset',
        'email_changed', 'email_verification_requested', 'email_verified',
        'logged_in', 'log_in_failed', 'logged_out', 'session_revoked', 'sessions_revoked', 'session_superseded',
        'refresh_token_reused'
    ));
