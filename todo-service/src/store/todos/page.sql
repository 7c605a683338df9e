-- The lists from $2 to $3 in turn, of each the todos after the key ($4, $5): reads no more than a page of each list
-- that it comes to, and stops when it has enough.
SELECT t.list_id, t.id, t.title, t.notes, t.state, t.creator_id, t.revision, t.create_time, t.update_time,
    t.complete_time, t.delete_time, t.purge_time
FROM todo.list_members m
CROSS JOIN LATERAL (
    SELECT * FROM todo.todos live
    WHERE live.list_id = m.list_id AND live.delete_time IS NULL AND (live.list_id, live.id) > ($4::uuid, $5::uuid)
    ORDER BY live.id LIMIT $6
) t
WHERE m.user_id = $1 AND m.list_id BETWEEN $2::uuid AND $3::uuid
ORDER BY m.list_id, t.id LIMIT $6
