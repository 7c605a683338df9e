-- Each arm reads its index in order and no further than the page.
SELECT l.id, l.display_name, l.inbox, l.owner_id, m.role AS "role!", l.revision, l.live_count, l.member_count,
    l.create_time, l.update_time, l.delete_time, l.purge_time
FROM (
    (SELECT m.list_id, m.role FROM todo.list_members m
     WHERE m.user_id = $1 AND m.list_id > $2 ORDER BY m.list_id LIMIT $3)
    UNION ALL
    (SELECT s.list_id, s.role FROM todo.suspended_members s
     WHERE s.user_id = $1 AND s.list_id > $2 AND s.role = 'owner' AND $4 ORDER BY s.list_id LIMIT $3)
) m
JOIN todo.lists l ON l.id = m.list_id
ORDER BY l.id
LIMIT $3
