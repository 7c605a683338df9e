-- $1 now, $2 until when nobody else gets them, $3 how many. The array is made once, and however long the outbox is its
-- rows are found by their ids: a join, planned without knowing $3, would read the whole table.
UPDATE auth.outbox
SET due_at = $2, attempts = attempts + 1
WHERE id = ANY (ARRAY(
    SELECT id FROM auth.outbox
    WHERE due_at <= $1
    ORDER BY due_at, id
    LIMIT $3
    FOR UPDATE SKIP LOCKED
))
RETURNING id, sealed, expires_at AS expires, attempts, admitted_at IS NOT NULL AS "admitted!"
