-- One statement, so one snapshot: all that there is up to the revision of the list, and whether the user may see it then.
SELECT l.id AS "list!", l.revision AS "head!", l.own_revision AS "own!", l.purged_revision AS "purged!",
    t.list_id AS "list_id?", t.id AS "id?", t.title AS "title?", t.notes AS "notes?", t.state AS "state?",
    t.priority AS "priority?", t.labels AS "labels?", t.due, t.due_zone, t.recurrence, t.parent_id,
    t.position AS "position?", t.next_id, t.creator_id AS "creator_id?", t.revision AS "revision?",
    t.create_time AS "create_time?", t.update_time AS "update_time?", t.complete_time, t.delete_time, t.purge_time,
    t.moved_to
FROM todo.list_members m
JOIN todo.lists l ON l.id = m.list_id
LEFT JOIN LATERAL (
    SELECT * FROM todo.todos c
    WHERE c.list_id = $2 AND c.revision > $3 AND (c.delete_time IS NULL OR c.revision > $4)
    ORDER BY c.revision
    LIMIT $5
) t ON true
WHERE m.user_id = $1 AND m.list_id = $2
ORDER BY t.revision
