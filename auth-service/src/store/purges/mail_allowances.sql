-- Those whose hour began before $1: the oldest $2 that nobody holds.
DELETE FROM auth.mail_allowances
WHERE key = ANY (ARRAY(
    SELECT key FROM auth.mail_allowances
    WHERE opened_at < $1
    ORDER BY opened_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
))
