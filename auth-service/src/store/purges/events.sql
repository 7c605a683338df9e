-- Those from before $1: the oldest $2 that nobody holds. Which events may go is decided here and nowhere else: of the
-- deletions of users only those that every consumer has acted on.
DELETE FROM auth.events
WHERE id = ANY (ARRAY(
    SELECT id FROM auth.events
    WHERE at < $1
      AND (kind <> 'user_deleted'
           OR seq IS NOT NULL AND NOT EXISTS (SELECT FROM auth.consumers WHERE cursor < seq))
    ORDER BY at, id
    LIMIT $2
    FOR UPDATE SKIP LOCKED
))
