DROP FUNCTION todo.change_todos(uuid[], uuid[], uuid[], text[], bigint[], integer[], text[], text[], smallint[], text[],
                                timestamp[], text[], text[], uuid[], uuid[], interval);

-- Changes todos that are not deleted, each element by itself: action edit, complete, reopen or delete, if the todo's
-- revision is the expected one or none is expected. One row an element whose todo the user may write to; no row means
-- that there is no such todo, or that it is not the user's to write.
--
-- What an edit writes, its mask says, as a sum: 1 title, 2 notes, 4 priority, 8 labels, 16 due, 32 recurrence, 64 parent. The
-- mask of another action is 0.
--
-- What is completed takes its open parts with it, and what is deleted all of them. What recurs loses its recurrence when it
-- is completed, and the next occurrence is made, of what the caller computed from the todo at revision computed_from: its
-- id, due and recurrence, or no due where there is no next. So there is never a second one.
--
-- Outcomes: done; unchanged (there was nothing to do: no new revision); mismatch (the row has the present revision);
-- recurring (to complete it, compute from the row what is next); quota (there is no room for what is next); again (its
-- twin is in this batch, or what is or has its parent: ask again); parent (that is no todo to be a part of, or this one has
-- parts itself); recurrence (it would recur without a due, or as a part); invalid (a CHECK would refuse it, and with it the
-- batch). The todo is what is there now.
--
-- Lock first, then work, by key: see todo.create_todos. As one statement, a stale expectation wins: after the wait it is
-- compared with the version from before.
CREATE FUNCTION todo.change_todos(users uuid[], lists uuid[], ids uuid[], actions text[], expected bigint[], masks integer[],
                                  titles text[], texts text[], priorities smallint[], label_lists text[], dues timestamp[],
                                  due_zones text[], recurrences text[], parent_lists uuid[], parents uuid[],
                                  computed_from bigint[], next_ids uuid[], next_dues timestamp[], next_recurrences text[],
                                  retention interval, max_live bigint)
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
        SELECT e.*, l.revision AS list_revision, l.live_count
        FROM unnest(users, lists, ids, actions, expected, masks, titles, texts, priorities, label_lists, dues, due_zones,
                    recurrences, parent_lists, parents, computed_from, next_ids, next_dues, next_recurrences) WITH ORDINALITY
            AS e (user_id, list_id, id, action, expected, mask, title, notes, priority, label_list, due, due_zone,
                  recurrence, parent_list_id, parent_id, computed_from, next_id, next_due, next_recurrence, ord)
        JOIN todo.list_members m ON m.user_id = e.user_id AND m.list_id = e.list_id AND m.role <> 'viewer'
        JOIN todo.lists l ON l.id = e.list_id
        WHERE e.list_id = ANY (locked)
    ), intended AS (
        SELECT a.ord, a.list_id, a.id, a.action, a.expected, a.list_revision, a.live_count, a.computed_from, a.next_id,
            a.next_due, a.next_recurrence, t AS old,
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
            a.action = 'complete' AND t.state = 'open' AND t.recurrence IS NOT NULL AS recurs,
            a.mask & 64 > 0 AND a.parent_id IS NOT NULL
                AND (a.parent_list_id, a.parent_id) IS DISTINCT FROM (t.list_id, t.parent_id) AS gets_parent,
            p.parent_id IS NULL AND p.delete_time IS NULL AND p.list_id = a.parent_list_id AND p.id <> a.id AS may_have_parts
        FROM allowed a
        JOIN todo.todos t ON t.list_id = a.list_id AND t.id = a.id
        LEFT JOIN todo.todos p ON a.mask & 64 > 0 AND p.list_id = a.list_id AND p.id = a.parent_id
        WHERE t.delete_time IS NULL
    ), judged AS (
        SELECT i.*, i.recurs AND i.next_due IS NOT NULL AS has_next,
            CASE
                WHEN row_number() OVER (PARTITION BY i.list_id, i.id ORDER BY i.ord) > 1 THEN 'again'
                WHEN i.expected <> (i.old).revision THEN 'mismatch'
                WHEN i.action NOT IN ('edit', 'complete', 'reopen', 'delete') THEN 'invalid'
                WHEN i.recurs AND i.computed_from IS DISTINCT FROM (i.old).revision THEN 'recurring'
                WHEN i.gets_parent AND (array_position(ids, i.parent_id) < i.ord OR array_position(parents, i.id) < i.ord) THEN 'again'
                WHEN i.gets_parent AND (i.may_have_parts IS NOT TRUE OR EXISTS (
                    SELECT FROM todo.todos c WHERE c.list_id = i.list_id AND c.parent_id = i.id)) THEN 'parent'
                WHEN i.recurrence IS NOT NULL AND (i.due IS NULL OR i.parent_id IS NOT NULL) THEN 'recurrence'
                WHEN NOT todo.fit(i.title, i.notes, i.priority, i.labels, i.due, i.due_zone, i.recurrence, i.parent_id, NULL)
                    OR i.recurs AND NOT todo.fit(i.title, i.notes, i.priority, i.labels, i.next_due, i.due_zone,
                        i.next_recurrence, NULL, NULL) THEN 'invalid'
                WHEN i.delete_time IS NULL
                    AND ROW (i.title, i.notes, i.priority, i.labels, i.due, i.due_zone, i.recurrence, i.parent_id, i.state)
                    IS NOT DISTINCT FROM ROW ((i.old).title, (i.old).notes, (i.old).priority, (i.old).labels, (i.old).due,
                        (i.old).due_zone, (i.old).recurrence, (i.old).parent_id, (i.old).state) THEN 'unchanged'
                ELSE 'done'
            END AS verdict
        FROM intended i
    ), decided AS (
        -- Once there is no room, there is none for those behind either.
        SELECT j.*, CASE WHEN j.verdict = 'done' AND j.has_next AND j.live_count + count(*) FILTER (
                WHERE j.verdict = 'done' AND j.has_next) OVER (PARTITION BY j.list_id ORDER BY j.ord) > max_live
            THEN 'quota' ELSE j.verdict END AS decision
        FROM judged j
    ), stamped AS (
        -- One for the todo, and one for the next, right after it.
        SELECT d.*, d.list_revision - d.has_next::integer + sum(CASE WHEN d.decision = 'done' THEN 1 + d.has_next::integer
            ELSE 0 END) OVER (PARTITION BY d.list_id ORDER BY d.ord) AS stamp
        FROM decided d
    ), changed AS (
        UPDATE todo.todos t
        SET title = s.title, notes = s.notes, priority = s.priority, labels = s.labels, due = s.due, due_zone = s.due_zone,
            recurrence = CASE WHEN s.recurs THEN NULL ELSE s.recurrence END, parent_id = s.parent_id, state = s.state,
            revision = s.stamp, update_time = at, complete_time = s.complete_time, delete_time = s.delete_time,
            purge_time = s.delete_time + retention, next_id = CASE WHEN s.has_next THEN s.next_id ELSE t.next_id END
        FROM stamped s
        WHERE t.list_id = s.list_id AND t.id = s.id AND s.decision = 'done'
    ), made AS (
        -- No request made it: the hash is that of none.
        INSERT INTO todo.todos (list_id, id, title, notes, state, creator_id, revision, request_hash, create_time, update_time,
                                priority, labels, due, due_zone, recurrence, icalendar, position)
        SELECT s.list_id, s.next_id, s.title, s.notes, 'open', (s.old).creator_id, s.stamp + 1, sha256(uuid_send(s.next_id)),
            at, at, s.priority, s.labels, s.next_due, s.due_zone, s.next_recurrence, (s.old).icalendar, (s.old).position
        FROM stamped s WHERE s.decision = 'done' AND s.has_next
    ), bumped AS (
        UPDATE todo.lists l
        SET revision = l.revision + made.n + made.nexts, live_count = l.live_count + made.nexts - made.deleted, update_time = at
        FROM (
            SELECT s.list_id, count(*) AS n, count(s.delete_time)::integer AS deleted,
                (count(*) FILTER (WHERE s.has_next))::integer AS nexts
            FROM stamped s WHERE s.decision = 'done' GROUP BY s.list_id
        ) made
        WHERE l.id = made.list_id
    )
    SELECT array_agg(ROW(s.ord, s.decision, s.list_id, s.id)::todo.decision) INTO decisions FROM stamped s;

    -- The parts, in a snapshot that has what was done above.
    IF actions && ARRAY['complete', 'delete'] THEN
        WITH parts AS MATERIALIZED (
            SELECT c.list_id, c.id, actions[d.ord::integer] AS action,
                l.revision + row_number() OVER (PARTITION BY c.list_id ORDER BY c.revision) AS stamp
            FROM unnest(decisions) d
            JOIN todo.todos c ON c.list_id = d.list_id AND c.parent_id = d.id
            JOIN todo.lists l ON l.id = d.list_id
            WHERE d.outcome = 'done' AND c.delete_time IS NULL
                AND (actions[d.ord::integer] = 'delete' OR actions[d.ord::integer] = 'complete' AND c.state = 'open')
        ), changed AS (
            UPDATE todo.todos t
            SET revision = p.stamp, update_time = at,
                state = CASE p.action WHEN 'complete' THEN 'completed' ELSE t.state END,
                complete_time = CASE p.action WHEN 'complete' THEN at ELSE t.complete_time END,
                delete_time = CASE p.action WHEN 'delete' THEN at END,
                purge_time = CASE p.action WHEN 'delete' THEN at + retention END
            FROM parts p
            WHERE t.list_id = p.list_id AND t.id = p.id
        )
        UPDATE todo.lists l
        SET revision = l.revision + taken.n, live_count = l.live_count - taken.deleted
        FROM (
            SELECT p.list_id, count(*) AS n, (count(*) FILTER (WHERE p.action = 'delete'))::integer AS deleted
            FROM parts p GROUP BY p.list_id
        ) taken
        WHERE l.id = taken.list_id;
    END IF;

    RETURN QUERY
    SELECT d.ord, d.outcome, t FROM unnest(decisions) d JOIN todo.todos t ON t.list_id = d.list_id AND t.id = d.id;
END
$$;
