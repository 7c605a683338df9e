-- $1 user and $2 session of the caller, $3 now; from $4 to below ($5, $6) the range of times and ids; $7 user, $8 actor,
-- $9 session and $10 its owner, $11 kinds, each null where it does not matter; $12 how many. Only the part for the first
-- of session, user, actor and kinds that is given reads its index; what the others compare with is null. A kind is one
-- range in an order that no other index has: with `kind = …` the planner may walk through all times for a rare kind.
SELECT e.id AS "id!", e.at AS "at!", e.kind AS "kind!", e.user_id, e.actor_id, e.session_id, e.peer, e.address,
       e.request_id, e.details::text AS "details!"
FROM (
    (SELECT * FROM auth.events
     WHERE session_id = $9 AND (user_id = $10 OR actor_id = $10)
       AND ($7::uuid IS NULL OR user_id = $7) AND ($8::uuid IS NULL OR actor_id = $8)
       AND ($11::text[] IS NULL OR kind = ANY ($11)) AND at >= $4 AND (at, id) < ($5, $6)
     ORDER BY at DESC, id DESC LIMIT $12)
    UNION ALL
    (SELECT * FROM auth.events
     WHERE $9::uuid IS NULL AND user_id = $7 AND ($8::uuid IS NULL OR actor_id = $8)
       AND ($11::text[] IS NULL OR kind = ANY ($11)) AND at >= $4 AND (at, id) < ($5, $6)
     ORDER BY at DESC, id DESC LIMIT $12)
    UNION ALL
    (SELECT * FROM auth.events
     WHERE $9::uuid IS NULL AND $7::uuid IS NULL AND actor_id = $8
       AND ($11::text[] IS NULL OR kind = ANY ($11)) AND at >= $4 AND (at, id) < ($5, $6)
     ORDER BY at DESC, id DESC LIMIT $12)
    UNION ALL
    (SELECT of_kind.* FROM unnest($11::text[]) AS wanted (kind) CROSS JOIN LATERAL (
         SELECT * FROM auth.events
         WHERE (kind, at) >= (wanted.kind, $4) AND (kind, at, id) < (wanted.kind, $5, $6)
         ORDER BY kind DESC, at DESC, id DESC LIMIT $12
     ) of_kind
     WHERE $9::uuid IS NULL AND $7::uuid IS NULL AND $8::uuid IS NULL)
    UNION ALL
    (SELECT * FROM auth.events
     WHERE $9::uuid IS NULL AND $7::uuid IS NULL AND $8::uuid IS NULL AND $11::text[] IS NULL
       AND at >= $4 AND (at, id) < ($5, $6)
     ORDER BY at DESC, id DESC LIMIT $12)
) e
WHERE EXISTS (SELECT FROM auth.sessions s JOIN auth.users c ON c.id = s.user_id
              WHERE s.id = $2 AND s.user_id = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $3
                AND c.state = 'active' AND 'admin' = ANY (c.roles))
ORDER BY e.at DESC, e.id DESC
LIMIT $12
