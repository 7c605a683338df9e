-- Makes todos, each element by itself: one that fails takes no other with it. One row an element that the user may
-- write to; no row means that there is no such list, or that it is not the user's to write: the two do not differ.
--
-- Outcomes: done; repeated (the first request's todo); taken (the id or request id has another body);
-- quota; again (its twin is in this batch: ask again); invalid (a CHECK would refuse it, and with it the batch).
--
-- Lock first, then work, as two statements: under READ COMMITTED a VOLATILE function takes a new snapshot for each, so
-- the second sees all that was committed before the locks were had, and nothing can be committed beside it. With the lock
-- inside the second statement, lost rows and duplicate revisions were measured within seconds.
--
-- The plan is by key, by decree: in a small table the planner prefers to read all of it (twice the cost at 2,000 lists).
CREATE FUNCTION todo.create_todos(users uuid[], lists uuid[], ids uuid[], request_ids uuid[], request_hashes bytea[],
                                  titles text[], texts text[], max_live bigint)
RETURNS TABLE (ord bigint, outcome text, list_id uuid, id uuid, title text, notes text, state text, creator_id uuid,
               revision bigint, create_time timestamptz, update_time timestamptz, complete_time timestamptz,
               delete_time timestamptz, purge_time timestamptz)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    locked uuid[];
    at timestamptz;
BEGIN
    -- In the order of ids: no deadlock. Only lists that the users may write to: a stranger cannot hold a lock.
    -- NO KEY: the checks of foreign keys need not wait.
    SELECT array_agg(x.id) INTO locked FROM (
        SELECT l.id FROM todo.lists l
        WHERE l.id = ANY (ARRAY(
            SELECT m.list_id FROM unnest(users, lists) AS e (user_id, list_id)
            JOIN todo.list_members m ON m.user_id = e.user_id AND m.list_id = e.list_id AND m.role <> 'viewer'))
        ORDER BY l.id
        FOR NO KEY UPDATE
    ) x;
    -- Not now(), which is the time before the wait.
    at := clock_timestamp();

    RETURN QUERY
    WITH allowed AS MATERIALIZED (
        -- The membership is read again: it may have been taken away during the wait. One given meanwhile does not count,
        -- for its list is not locked.
        SELECT e.*, l.revision AS list_revision, l.live_count
        FROM unnest(users, lists, ids, request_ids, request_hashes, titles, texts) WITH ORDINALITY
            AS e (user_id, list_id, id, request_id, request_hash, title, notes, ord)
        JOIN todo.list_members m ON m.user_id = e.user_id AND m.list_id = e.list_id AND m.role <> 'viewer'
        JOIN todo.lists l ON l.id = e.list_id
        WHERE e.list_id = ANY (locked)
    ), judged AS (
        SELECT a.ord, a.list_id, coalesce(t.id, a.id) AS id, coalesce(t.title, a.title) AS title,
            coalesce(t.notes, a.notes) AS notes, coalesce(t.state, 'open') AS state,
            coalesce(t.creator_id, a.user_id) AS creator_id, a.request_id, a.request_hash,
            coalesce(t.create_time, at) AS create_time, coalesce(t.update_time, at) AS update_time,
            t.complete_time, t.delete_time, t.purge_time, t.revision, a.list_revision, a.live_count,
            CASE
                WHEN t.request_hash = a.request_hash THEN 'repeated'
                WHEN t.id IS NOT NULL THEN 'taken'
                WHEN char_length(a.title) NOT BETWEEN 1 AND 500 OR char_length(a.notes) > 10000
                    OR octet_length(a.request_hash) <> 32 THEN 'invalid'
                WHEN row_number() OVER (PARTITION BY a.list_id, a.id ORDER BY a.ord) > 1
                    OR a.request_id IS NOT NULL
                    AND row_number() OVER (PARTITION BY a.list_id, a.user_id, a.request_id ORDER BY a.ord) > 1 THEN 'again'
                ELSE 'done'
            END AS verdict
        FROM allowed a
        -- The todo that an earlier request made: under this request id, or else under this id.
        LEFT JOIN todo.todos t ON t.list_id = a.list_id AND t.id = coalesce((
            SELECT r.id FROM todo.todos r
            WHERE r.list_id = a.list_id AND r.creator_id = a.user_id AND r.request_id = a.request_id), a.id)
    ), numbered AS (
        SELECT j.*, count(*) FILTER (WHERE j.verdict = 'done') OVER (PARTITION BY j.list_id ORDER BY j.ord) AS nth
        FROM judged j
    ), decided AS (
        SELECT n.*, coalesce(n.revision, n.list_revision + n.nth) AS stamp,
            CASE WHEN n.verdict = 'done' AND n.live_count + n.nth > max_live THEN 'quota' ELSE n.verdict END AS decision
        FROM numbered n
    ), inserted AS (
        INSERT INTO todo.todos (list_id, id, title, notes, state, creator_id, revision, request_id, request_hash,
                                create_time, update_time)
        SELECT d.list_id, d.id, d.title, d.notes, d.state, d.creator_id, d.stamp, d.request_id, d.request_hash,
            d.create_time, d.update_time
        FROM decided d WHERE d.decision = 'done'
    ), bumped AS (
        UPDATE todo.lists l
        SET revision = l.revision + made.n, live_count = l.live_count + made.n, update_time = at
        FROM (SELECT d.list_id, count(*)::integer AS n FROM decided d WHERE d.decision = 'done' GROUP BY d.list_id) made
        WHERE l.id = made.list_id
    )
    SELECT d.ord, d.decision, d.list_id, d.id, d.title, d.notes, d.state, d.creator_id, d.stamp, d.create_time,
        d.update_time, d.complete_time, d.delete_time, d.purge_time
    FROM decided d;
END
$$;
