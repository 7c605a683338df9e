-- todo.create_todos for an import, which fills a list while it runs: planned anew at each call. The plan of a call to an empty
-- table goes through the whole list for each element: 1.5 s for 200 at 4,000 todos, and 50 ms so. A single create keeps its plan,
-- for planning would double its time.
CREATE FUNCTION todo.import_todos(users uuid[], lists uuid[], ids uuid[], request_ids uuid[], request_hashes bytea[],
                                  titles text[], texts text[], priorities smallint[], label_lists text[], dues timestamp[],
                                  due_zones text[], recurrences text[], parent_lists uuid[], parents uuid[],
                                  complete_times timestamptz[], icalendars text[], max_live bigint)
RETURNS TABLE (ord bigint, outcome text, todo todo.todos)
LANGUAGE sql VOLATILE SET plan_cache_mode = force_custom_plan AS $$
    SELECT * FROM todo.create_todos(users, lists, ids, request_ids, request_hashes, titles, texts, priorities, label_lists,
        dues, due_zones, recurrences, parent_lists, parents, complete_times, icalendars, max_live)
$$;
