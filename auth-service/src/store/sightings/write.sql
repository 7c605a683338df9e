-- $1 sessions, $2 when, $3 to $5 whence they were seen; $6 since when no replica may have written it. That a session goes
-- on is asked by its reason to have ended: by `ended_at IS NULL` the planner may read the index of all live sessions.
WITH free AS MATERIALIZED (
    SELECT id FROM auth.sessions
    WHERE id = ANY ($1) AND end_reason IS NULL AND last_seen_at <= $6
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE auth.sessions s
SET last_seen_at = seen.at, peer = seen.peer, address = seen.address, user_agent = seen.user_agent
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[])
     AS seen (session, at, peer, address, user_agent)
WHERE s.id = seen.session AND s.id = ANY (ARRAY(SELECT id FROM free))
