-- Those without an attempt since $1: the oldest $2 that nobody holds.
DELETE FROM auth.throttles
WHERE key = ANY (ARRAY(
    SELECT key FROM auth.throttles
    WHERE last_at < $1
    ORDER BY last_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
))
