-- The membership is asked for once. As a join it is asked for at every todo, where the planner likes the order of the index.
SELECT t.list_id, t.id, t.title, t.notes, t.state, t.creator_id, t.revision, t.create_time, t.update_time, t.complete_time,
    t.delete_time, t.purge_time, t.moved_to
FROM todo.todos t
WHERE EXISTS (SELECT FROM todo.list_members m WHERE m.user_id = $1 AND m.list_id = $2)
    AND t.list_id = $2 AND t.revision > $3 AND t.revision <= $4
    AND (t.delete_time IS NULL OR t.revision > $5)
ORDER BY t.revision
LIMIT $6
