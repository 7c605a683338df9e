-- As by_username.sql, with the addresses in the place of the names; $9 is the id of the last user of the page before,
-- because several users may state one address, and $10 how many.
SELECT u.id AS "id!", u.username AS "username!", u.display_name AS "display_name!", u.email,
       u.email_verified_at, u.roles AS "roles!", u.state AS "state!", u.epoch AS "epoch!", u.revision AS "revision!",
       u.created_at AS "created_at!", u.updated_at AS "updated_at!"
FROM unnest($4::text[], $5::boolean[]) AS wanted (state, is_admin)
CROSS JOIN LATERAL (
    SELECT * FROM auth.users u
    WHERE u.state = wanted.state AND ('admin' = ANY (u.roles)) = wanted.is_admin AND u.email IS NOT NULL
      AND lower(u.email) >= $6 AND lower(u.email) < $7 AND (lower(u.email), u.id) > ($8, $9)
    ORDER BY lower(u.email), u.id
    LIMIT $10
) u
WHERE EXISTS (SELECT FROM auth.sessions s JOIN auth.users c ON c.id = s.user_id
              WHERE s.id = $2 AND s.user_id = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $3
                AND c.state = 'active' AND 'admin' = ANY (c.roles))
ORDER BY lower(u.email), u.id
LIMIT $10
