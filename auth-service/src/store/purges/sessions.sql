-- Those that ended, or expired, before $1: the oldest $2 that nobody holds.
DELETE FROM auth.sessions
WHERE id = ANY (ARRAY(
    SELECT id FROM auth.sessions
    WHERE coalesce(ended_at, idle_expires_at) < $1
    ORDER BY coalesce(ended_at, idle_expires_at)
    LIMIT $2
    FOR UPDATE SKIP LOCKED
))
