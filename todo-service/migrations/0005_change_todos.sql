-- Changes todos that are not deleted, each element by itself: action edit (title and texts, where not null), complete,
-- reopen or delete, if the todo's revision is the expected one or none is expected. One row an element whose todo
-- the user may write to; no row means that there is no such todo, or that it is not the user's to write.
--
-- Outcomes: done; unchanged (there was nothing to do: no new revision); mismatch (the row has the present revision);
-- again (its twin is in this batch: ask again); invalid (a CHECK would refuse it, and with it the batch).
--
-- Lock first, then work, by key: see todo.create_todos. As one statement, a stale expectation wins: after the wait it is
-- compared with the version from before.
CREATE FUNCTION todo.change_todos(users uuid[], lists uuid[], ids uuid[], actions text[], expected bigint[],
                                  titles text[], texts text[], retention interval)
RETURNS TABLE (ord bigint, outcome text, list_id uuid, id uuid, title text, notes text, state text, creator_id uuid,
               revision bigint, create_time timestamptz, update_time timestamptz, complete_time timestamptz,
               delete_time timestamptz, purge_time timestamptz)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    locked uuid[];
    at timestamptz;
BEGIN
    SELECT array_agg(x.id) INTO locked FROM (
        SELECT l.id FROM todo.lists l
        WHERE l.id = ANY (ARRAY(
            SELECT m.list_id FROM unnest(users, lists) AS e (user_id, list_id)
            JOIN todo.list_members m ON m.user_id = e.user_id AND m.list_id = e.list_id AND m.role <> 'viewer'))
        ORDER BY l.id
        FOR NO KEY UPDATE
    ) x;
    at := clock_timestamp();

    RETURN QUERY
    WITH allowed AS MATERIALIZED (
        SELECT e.*, l.revision AS list_revision
        FROM unnest(users, lists, ids, actions, expected, titles, texts) WITH ORDINALITY
            AS e (user_id, list_id, id, action, expected, title, notes, ord)
        JOIN todo.list_members m ON m.user_id = e.user_id AND m.list_id = e.list_id AND m.role <> 'viewer'
        JOIN todo.lists l ON l.id = e.list_id
        WHERE e.list_id = ANY (locked)
    ), judged AS (
        SELECT a.ord, a.list_id, a.id, a.action, a.list_revision, t.revision, t.creator_id, t.create_time, t.update_time,
            coalesce(a.title, t.title) AS title,
            coalesce(a.notes, t.notes) AS notes,
            CASE a.action WHEN 'complete' THEN 'completed' WHEN 'reopen' THEN 'open' ELSE t.state END AS state,
            CASE a.action WHEN 'complete' THEN coalesce(t.complete_time, at) WHEN 'reopen' THEN NULL
                ELSE t.complete_time END AS complete_time,
            CASE a.action WHEN 'delete' THEN at END AS delete_time,
            CASE
                WHEN row_number() OVER (PARTITION BY a.list_id, a.id ORDER BY a.ord) > 1 THEN 'again'
                WHEN a.expected <> t.revision THEN 'mismatch'
                WHEN a.action NOT IN ('edit', 'complete', 'reopen', 'delete') THEN 'invalid'
                WHEN char_length(a.title) NOT BETWEEN 1 AND 500 OR char_length(a.notes) > 10000 THEN 'invalid'
                WHEN a.action = 'edit' AND coalesce(a.title, t.title) = t.title AND coalesce(a.notes, t.notes) = t.notes
                    OR a.action = 'complete' AND t.state = 'completed'
                    OR a.action = 'reopen' AND t.state = 'open' THEN 'unchanged'
                ELSE 'done'
            END AS decision
        FROM allowed a
        JOIN todo.todos t ON t.list_id = a.list_id AND t.id = a.id
        WHERE t.delete_time IS NULL
    ), stamped AS (
        SELECT j.*, j.delete_time + retention AS purge_time,
            CASE WHEN j.decision = 'done' THEN at ELSE j.update_time END AS stamp_time,
            CASE WHEN j.decision = 'done'
                THEN j.list_revision + count(*) FILTER (WHERE j.decision = 'done') OVER (PARTITION BY j.list_id ORDER BY j.ord)
                ELSE j.revision END AS stamp
        FROM judged j
    ), changed AS (
        UPDATE todo.todos t
        SET title = s.title, notes = s.notes, state = s.state, revision = s.stamp, update_time = s.stamp_time,
            complete_time = s.complete_time, delete_time = s.delete_time, purge_time = s.purge_time
        FROM stamped s
        WHERE t.list_id = s.list_id AND t.id = s.id AND s.decision = 'done'
    ), bumped AS (
        UPDATE todo.lists l
        SET revision = l.revision + made.n, live_count = l.live_count - made.deleted, update_time = at
        FROM (
            SELECT s.list_id, count(*) AS n, count(s.delete_time)::integer AS deleted
            FROM stamped s WHERE s.decision = 'done' GROUP BY s.list_id
        ) made
        WHERE l.id = made.list_id
    )
    SELECT s.ord, s.decision, s.list_id, s.id, s.title, s.notes, s.state, s.creator_id, s.stamp, s.create_time,
        s.stamp_time, s.complete_time, s.delete_time, s.purge_time
    FROM stamped s;
END
$$;
