SELECT id, seq AS "seq!", at, kind, user_id, session_id, details::text AS "details!"
FROM auth.events
WHERE seq > $1 AND seq <= $2 AND kind = 'user_deleted'
ORDER BY seq
LIMIT $3
