-- What is to be purged, by its time: a small part of the tables.
CREATE INDEX todos_purge_time ON todo.todos (purge_time) WHERE purge_time IS NOT NULL;
CREATE INDEX lists_purge_time ON todo.lists (purge_time) WHERE purge_time IS NOT NULL;

-- Purges todos whose time was over before a moment, at most max_rows and what is below them, the oldest first, and says
-- how many. Each list learns up to which revision it is not complete any more: whoever has followed it no further must begin
-- anew. It makes no revision: what is purged was deleted before, and they have heard of that.
--
-- Lists first, as every write does; one that somebody holds is left for later, so nobody waits. The plan is by key, by
-- decree: see todo.create_todos.
CREATE FUNCTION todo.purge_todos(before timestamptz, max_rows bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    locked uuid[];
    purged bigint;
BEGIN
    SELECT array_agg(x.id) INTO locked FROM (
        SELECT l.id FROM todo.lists l
        WHERE l.id = ANY (ARRAY(
            SELECT t.list_id FROM todo.todos t WHERE t.purge_time < before ORDER BY t.purge_time LIMIT max_rows))
        ORDER BY l.id
        FOR NO KEY UPDATE SKIP LOCKED
    ) x;

    -- In a new snapshot: what was restored before the lock was had is spared.
    WITH over AS MATERIALIZED (
        SELECT t.list_id, t.id FROM todo.todos t
        WHERE t.purge_time < before AND t.list_id = ANY (locked)
        ORDER BY t.purge_time LIMIT max_rows
    ), purged AS (
        DELETE FROM todo.todos t
        -- What is below a todo goes with it: the foreign key sees to that, but tells no revision.
        WHERE (t.list_id, t.id) IN (
            SELECT o.list_id, o.id FROM over o
            UNION ALL
            SELECT c.list_id, c.id FROM over o JOIN todo.todos c ON c.list_id = o.list_id AND c.parent_id = o.id)
        RETURNING t.list_id, t.revision
    ), raised AS (
        UPDATE todo.lists l SET purged_revision = greatest(l.purged_revision, p.last)
        FROM (SELECT d.list_id, max(d.revision) AS last FROM purged d GROUP BY d.list_id) p
        WHERE l.id = p.list_id
    )
    SELECT count(*) INTO purged FROM purged;
    RETURN purged;
END
$$;

-- Purges lists whose time was over before a moment, the oldest first: of what is in them at most max_rows todos, and then
-- the lists themselves. Says how many rows it were. A list that somebody holds is left for later.
CREATE FUNCTION todo.purge_lists(before timestamptz, max_rows bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    locked uuid[];
    todos bigint;
    lists bigint;
BEGIN
    SELECT array_agg(x.id) INTO locked FROM (
        SELECT l.id FROM todo.lists l WHERE l.purge_time < before
        ORDER BY l.purge_time LIMIT max_rows
        FOR UPDATE SKIP LOCKED
    ) x;
    DELETE FROM todo.todos t WHERE (t.list_id, t.id) IN (
        SELECT p.list_id, p.id FROM todo.todos p WHERE p.list_id = ANY (locked) LIMIT max_rows);
    GET DIAGNOSTICS todos = ROW_COUNT;
    IF todos >= max_rows THEN
        RETURN todos;
    END IF;
    DELETE FROM todo.lists l WHERE l.id = ANY (locked);
    GET DIAGNOSTICS lists = ROW_COUNT;
    RETURN todos + lists;
END
$$;
