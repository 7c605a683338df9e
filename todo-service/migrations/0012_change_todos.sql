DROP FUNCTION todo.change_todos(uuid[], uuid[], uuid[], text[], bigint[], text[], text[], interval);

-- Changes todos that are not deleted, each element by itself: action edit, complete, reopen or delete, if the todo's
-- revision is the expected one or none is expected. One row an element whose todo the user may write to; no row means
-- that there is no such todo, or that it is not the user's to write.
--
-- What an edit writes, its mask says, as a sum: 1 title, 2 notes, 4 priority, 8 labels, 16 due, 32 recurrence, 64 parent. The
-- mask of another action is 0.
--
-- Outcomes: done; unchanged (there was nothing to do: no new revision); mismatch (the row has the present revision);
-- again (its twin is in this batch, or what is or has its parent: ask again); parent (that is no todo to be a part of, or
-- this one has parts itself); recurrence (it would recur without a due, or as a part); invalid (a CHECK would refuse it, and
-- with it the batch). The todo is what is there now.
--
-- Lock first, then work, by key: see todo.create_todos. As one statement, a stale expectation wins: after the wait it is
-- compared with the version from before.
CREATE FUNCTION todo.change_todos(users uuid[], lists uuid[], ids uuid[], actions text[], expected bigint[], masks integer[],
                                  titles text[], texts text[], priorities smallint[], label_lists text[], dues timestamp[],
                                  due_zones text[], recurrences text[], parent_lists uuid[], parents uuid[],
                                  retention interval)
RETURNS TABLE (ord bigint, outcome text, todo todo.todos)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    locked uuid[];
    at timestamptz;
    decisions todo.decision[];
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

    WITH allowed AS MATERIALIZED (
        SELECT e.*, l.revision AS list_revision
        FROM unnest(users, lists, ids, actions, expected, masks, titles, texts, priorities, label_lists, dues, due_zones,
                    recurrences, parent_lists, parents) WITH ORDINALITY
            AS e (user_id, list_id, id, action, expected, mask, title, notes, priority, label_list, due, due_zone,
                  recurrence, parent_list_id, parent_id, ord)
        JOIN todo.list_members m ON m.user_id = e.user_id AND m.list_id = e.list_id AND m.role <> 'viewer'
        JOIN todo.lists l ON l.id = e.list_id
        WHERE e.list_id = ANY (locked)
    ), intended AS (
        SELECT a.ord, a.list_id, a.id, a.action, a.expected, a.list_revision, t AS old,
            CASE WHEN a.mask & 1 > 0 THEN a.title ELSE t.title END AS title,
            CASE WHEN a.mask & 2 > 0 THEN a.notes ELSE t.notes END AS notes,
            CASE WHEN a.mask & 4 > 0 THEN a.priority ELSE t.priority END AS priority,
            CASE WHEN a.mask & 8 > 0 THEN string_to_array(a.label_list, E'\x1f') ELSE t.labels END AS labels,
            CASE WHEN a.mask & 16 > 0 THEN a.due ELSE t.due END AS due,
            CASE WHEN a.mask & 16 > 0 THEN a.due_zone ELSE t.due_zone END AS due_zone,
            CASE WHEN a.mask & 32 > 0 THEN a.recurrence ELSE t.recurrence END AS recurrence,
            CASE WHEN a.mask & 64 > 0 THEN a.parent_id ELSE t.parent_id END AS parent_id,
            CASE a.action WHEN 'complete' THEN 'completed' WHEN 'reopen' THEN 'open' ELSE t.state END AS state,
            CASE a.action WHEN 'complete' THEN coalesce(t.complete_time, at) WHEN 'reopen' THEN NULL
                ELSE t.complete_time END AS complete_time,
            CASE a.action WHEN 'delete' THEN at END AS delete_time,
            a.mask & 64 > 0 AND a.parent_id IS NOT NULL
                AND (a.parent_list_id, a.parent_id) IS DISTINCT FROM (t.list_id, t.parent_id) AS gets_parent,
            p.parent_id IS NULL AND p.delete_time IS NULL AND p.list_id = a.parent_list_id AND p.id <> a.id AS may_have_parts
        FROM allowed a
        JOIN todo.todos t ON t.list_id = a.list_id AND t.id = a.id
        LEFT JOIN todo.todos p ON a.mask & 64 > 0 AND p.list_id = a.list_id AND p.id = a.parent_id
        WHERE t.delete_time IS NULL
    ), judged AS (
        SELECT i.*,
            CASE
                WHEN row_number() OVER (PARTITION BY i.list_id, i.id ORDER BY i.ord) > 1 THEN 'again'
                WHEN i.expected <> (i.old).revision THEN 'mismatch'
                WHEN i.action NOT IN ('edit', 'complete', 'reopen', 'delete') THEN 'invalid'
                WHEN i.gets_parent AND (array_position(ids, i.parent_id) < i.ord OR array_position(parents, i.id) < i.ord) THEN 'again'
                WHEN i.gets_parent AND (i.may_have_parts IS NOT TRUE OR EXISTS (
                    SELECT FROM todo.todos c WHERE c.list_id = i.list_id AND c.parent_id = i.id)) THEN 'parent'
                WHEN i.recurrence IS NOT NULL AND (i.due IS NULL OR i.parent_id IS NOT NULL) THEN 'recurrence'
                WHEN NOT todo.fit(i.title, i.notes, i.priority, i.labels, i.due, i.due_zone, i.recurrence, i.parent_id, NULL) THEN 'invalid'
                WHEN i.delete_time IS NULL
                    AND ROW (i.title, i.notes, i.priority, i.labels, i.due, i.due_zone, i.recurrence, i.parent_id, i.state)
                    IS NOT DISTINCT FROM ROW ((i.old).title, (i.old).notes, (i.old).priority, (i.old).labels, (i.old).due,
                        (i.old).due_zone, (i.old).recurrence, (i.old).parent_id, (i.old).state) THEN 'unchanged'
                ELSE 'done'
            END AS decision
        FROM intended i
    ), stamped AS (
        SELECT j.*,
            j.list_revision + count(*) FILTER (WHERE j.decision = 'done') OVER (PARTITION BY j.list_id ORDER BY j.ord) AS stamp
        FROM judged j
    ), changed AS (
        UPDATE todo.todos t
        SET title = s.title, notes = s.notes, priority = s.priority, labels = s.labels, due = s.due, due_zone = s.due_zone,
            recurrence = s.recurrence, parent_id = s.parent_id, state = s.state, revision = s.stamp, update_time = at,
            complete_time = s.complete_time, delete_time = s.delete_time, purge_time = s.delete_time + retention
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
    SELECT array_agg(ROW(s.ord, s.decision, s.list_id, s.id)::todo.decision) INTO decisions FROM stamped s;

    RETURN QUERY
    SELECT d.ord, d.outcome, t FROM unnest(decisions) d JOIN todo.todos t ON t.list_id = d.list_id AND t.id = d.id;
END
$$;
