-- Those from before $1: the oldest $2 that nobody holds. Which events may go is decided here and nowhere else.
DELETE FROM auth.events
WHERE id = ANY (ARRAY(
    SELECT id FROM auth.events
    WHERE at < $1
    ORDER BY at, id
    LIMIT $2
    FOR UPDATE SKIP LOCKED
))
