SELECT id, seq AS "seq!", at, kind, user_id, session_id, details::text AS "details!"
FROM auth.events
WHERE seq > $1 AND seq <= $2 AND kind = ANY ($3) AND (at >= $4 OR kind = 'user_deleted')
ORDER BY seq
