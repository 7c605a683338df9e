-- What was decided about an element of a batch, and which todo it is about.
CREATE TYPE todo.decision AS (ord bigint, outcome text, list_id uuid, id uuid);

-- Whether the CHECKs of todo.todos let these stand in one row. One failed CHECK would cost the whole batch.
CREATE FUNCTION todo.fit(title text, notes text, priority smallint, labels text[], due timestamp, due_zone text,
                         recurrence text, parent_id uuid, icalendar text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT char_length(title) BETWEEN 1 AND 500 AND char_length(notes) <= 10000 AND priority BETWEEN 0 AND 9
        AND cardinality(labels) <= 20 AND array_position(labels, NULL) IS NULL
        AND CASE WHEN due_zone IS NULL THEN due IS NULL OR due = date_trunc('day', due)
            ELSE due IS NOT NULL AND char_length(due_zone) BETWEEN 1 AND 64 END
        AND (recurrence IS NULL OR due IS NOT NULL AND parent_id IS NULL AND char_length(recurrence) BETWEEN 1 AND 200)
        AND (icalendar IS NULL OR octet_length(icalendar) <= 16384)
$$;

DROP FUNCTION todo.create_todos(uuid[], uuid[], uuid[], uuid[], bytea[], text[], text[], bigint);

-- Makes todos, each element by itself: one that fails takes no other with it. One row an element that the user may
-- write to; no row means that there is no such list, or that it is not the user's to write: the two do not differ.
-- label_lists holds the labels of an element in one text, with U+001F between them.
--
-- Outcomes: done; repeated (the first request's todo, or the mark of it if it went to another list); taken (the id or request id has another body); parent (that is no
-- todo to be a part of); quota; again (its twin, or its parent, is in this batch: ask again); invalid (a CHECK would refuse
-- it, and with it the batch). The todo is what is there now.
--
-- Lock first, then work, as two statements: under READ COMMITTED a VOLATILE function takes a new snapshot for each, so
-- the second sees all that was committed before the locks were had, and nothing can be committed beside it. With the lock
-- inside the second statement, lost rows and duplicate revisions were measured within seconds.
--
-- The plan is by key, by decree: in a small table the planner prefers to read all of it (twice the cost at 2,000 lists).
CREATE FUNCTION todo.create_todos(users uuid[], lists uuid[], ids uuid[], request_ids uuid[], request_hashes bytea[],
                                  titles text[], texts text[], priorities smallint[], label_lists text[], dues timestamp[],
                                  due_zones text[], recurrences text[], parent_lists uuid[], parents uuid[],
                                  complete_times timestamptz[], icalendars text[], max_live bigint)
RETURNS TABLE (ord bigint, outcome text, todo todo.todos)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    locked uuid[];
    at timestamptz;
    decisions todo.decision[];
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

    WITH allowed AS MATERIALIZED (
        -- The membership is read again: it may have been taken away during the wait. One given meanwhile does not count,
        -- for its list is not locked.
        SELECT e.*, string_to_array(e.label_list, E'\x1f') AS labels, l.revision AS list_revision, l.live_count
        FROM unnest(users, lists, ids, request_ids, request_hashes, titles, texts, priorities, label_lists, dues, due_zones,
                    recurrences, parent_lists, parents, complete_times, icalendars) WITH ORDINALITY
            AS e (user_id, list_id, id, request_id, request_hash, title, notes, priority, label_list, due, due_zone,
                  recurrence, parent_list_id, parent_id, complete_time, icalendar, ord)
        JOIN todo.list_members m ON m.user_id = e.user_id AND m.list_id = e.list_id AND m.role <> 'viewer'
        JOIN todo.lists l ON l.id = e.list_id
        WHERE e.list_id = ANY (locked)
    ), judged AS (
        SELECT a.*, t.id AS earlier_id,
            CASE
                WHEN t.request_hash = a.request_hash THEN 'repeated'
                WHEN t.id IS NOT NULL THEN 'taken'
                WHEN octet_length(a.request_hash) <> 32 OR NOT todo.fit(a.title, a.notes, a.priority, a.labels, a.due,
                    a.due_zone, a.recurrence, a.parent_id, a.icalendar) THEN 'invalid'
                WHEN row_number() OVER (PARTITION BY a.list_id, a.id ORDER BY a.ord) > 1
                    OR a.request_id IS NOT NULL
                    AND row_number() OVER (PARTITION BY a.list_id, a.user_id, a.request_id ORDER BY a.ord) > 1 THEN 'again'
                WHEN a.parent_id IS NULL OR p.delete_time IS NULL AND p.parent_id IS NULL AND p.list_id = a.parent_list_id THEN 'done'
                WHEN p.id IS NULL AND array_position(ids, a.parent_id) < a.ord THEN 'again'
                ELSE 'parent'
            END AS verdict
        FROM allowed a
        -- The todo that an earlier request made: under this request id, or else under this id. The mark of one that went to
        -- another list is one too where the request id is its own, and otherwise none.
        LEFT JOIN todo.todos t ON t.list_id = a.list_id AND t.id = coalesce((
            SELECT r.id FROM todo.todos r
            WHERE r.list_id = a.list_id AND r.creator_id = a.user_id AND r.request_id = a.request_id), a.id)
            AND (t.moved_to IS NULL OR t.request_id = a.request_id)
        LEFT JOIN todo.todos p ON p.list_id = a.list_id AND p.id = a.parent_id
    ), numbered AS (
        SELECT j.*, count(*) FILTER (WHERE j.verdict = 'done') OVER (PARTITION BY j.list_id ORDER BY j.ord) AS nth
        FROM judged j
    ), decided AS (
        SELECT n.*, n.list_revision + n.nth AS stamp,
            CASE WHEN n.verdict = 'done' AND n.live_count + n.nth > max_live THEN 'quota' ELSE n.verdict END AS decision
        FROM numbered n
    ), inserted AS (
        INSERT INTO todo.todos (list_id, id, title, notes, state, creator_id, revision, request_id, request_hash,
                                create_time, update_time, complete_time, priority, labels, due, due_zone, recurrence,
                                parent_id, icalendar, position)
        SELECT d.list_id, d.id, d.title, d.notes, CASE WHEN d.complete_time IS NULL THEN 'open' ELSE 'completed' END,
            d.user_id, d.stamp, d.request_id, d.request_hash, at, at, d.complete_time, d.priority, d.labels, d.due,
            d.due_zone, d.recurrence, d.parent_id, d.icalendar, todo.position_at(d.stamp)
        FROM decided d WHERE d.decision = 'done'
        -- With a mark, which is overwritten: there is nothing else under the id.
        ON CONFLICT ON CONSTRAINT todos_pkey DO UPDATE
        SET title = EXCLUDED.title, notes = EXCLUDED.notes, state = EXCLUDED.state, creator_id = EXCLUDED.creator_id,
            revision = EXCLUDED.revision, request_id = EXCLUDED.request_id, request_hash = EXCLUDED.request_hash,
            create_time = at, update_time = at, complete_time = EXCLUDED.complete_time, delete_time = NULL,
            purge_time = NULL, priority = EXCLUDED.priority, labels = EXCLUDED.labels, due = EXCLUDED.due,
            due_zone = EXCLUDED.due_zone, recurrence = EXCLUDED.recurrence, parent_id = EXCLUDED.parent_id,
            icalendar = EXCLUDED.icalendar, position = EXCLUDED.position, next_id = NULL, moved_to = NULL
    ), bumped AS (
        UPDATE todo.lists l
        SET revision = l.revision + made.n, live_count = l.live_count + made.n, update_time = at
        FROM (SELECT d.list_id, count(*)::integer AS n FROM decided d WHERE d.decision = 'done' GROUP BY d.list_id) made
        WHERE l.id = made.list_id
    )
    SELECT array_agg(ROW(d.ord, d.decision, d.list_id, coalesce(d.earlier_id, d.id))::todo.decision) INTO decisions
    FROM decided d;

    RETURN QUERY
    SELECT d.ord, d.outcome, t
    FROM unnest(decisions) d LEFT JOIN todo.todos t ON t.list_id = d.list_id AND t.id = d.id;
END
$$;
