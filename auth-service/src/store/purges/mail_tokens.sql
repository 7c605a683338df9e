-- Those that were good until before $1: the first $2 of them that nobody holds.
DELETE FROM auth.mail_tokens
WHERE hash = ANY (ARRAY(
    SELECT hash FROM auth.mail_tokens
    WHERE expires_at < $1
    ORDER BY expires_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
))
