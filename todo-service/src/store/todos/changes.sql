-- The membership is asked for once. As a join it is asked for at every todo, where the planner likes the order of the index.
SELECT t.list_id AS "list_id?", t.id AS "id?", t.title AS "title?", t.notes AS "notes?", t.state AS "state?",
    t.priority AS "priority?", t.labels AS "labels?", t.due, t.due_zone, t.recurrence, t.parent_id,
    t.position AS "position?", t.next_id, t.creator_id AS "creator_id?", t.revision AS "revision?",
    t.create_time AS "create_time?", t.update_time AS "update_time?", t.complete_time, t.delete_time, t.purge_time, t.moved_to
FROM todo.todos t
WHERE EXISTS (SELECT FROM todo.list_members m WHERE m.user_id = $1 AND m.list_id = $2)
    AND t.list_id = $2 AND t.revision > $3 AND t.revision <= $4
    AND (t.delete_time IS NULL OR t.revision > $5)
ORDER BY t.revision
LIMIT $6
