-- $1 user and $2 session of the caller, $3 now; $4 states and $5 whether admins, pair by pair; $6 to below $7 the range of
-- names, $8 the last name of the page before, $9 how many. Each pair is one range of users_username_index.
SELECT u.id AS "id!", u.username AS "username!", u.display_name AS "display_name!", u.email,
       u.email_verified_at, u.roles AS "roles!", u.state AS "state!", u.epoch AS "epoch!", u.revision AS "revision!",
       u.created_at AS "created_at!", u.updated_at AS "updated_at!"
FROM unnest($4::text[], $5::boolean[]) AS wanted (state, is_admin)
CROSS JOIN LATERAL (
    SELECT * FROM auth.users u
    WHERE u.state = wanted.state AND ('admin' = ANY (u.roles)) = wanted.is_admin
      AND lower(u.username) >= $6 AND lower(u.username) < $7 AND lower(u.username) > $8
    ORDER BY lower(u.username)
    LIMIT $9
) u
WHERE EXISTS (SELECT FROM auth.sessions s JOIN auth.users c ON c.id = s.user_id
              WHERE s.id = $2 AND s.user_id = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $3
                AND c.state = 'active' AND 'admin' = ANY (c.roles))
ORDER BY lower(u.username)
LIMIT $9
