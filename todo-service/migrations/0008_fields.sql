-- What lists and todos have besides their texts. Column by column in proto/api/todo/v1; here is why they are stored so.
ALTER TABLE todo.todos
    -- 1 the highest to 9 the lowest, 0 none (RFC 5545, 3.8.1.9).
    ADD COLUMN priority smallint NOT NULL DEFAULT 0,
    ADD COLUMN labels text[] NOT NULL DEFAULT '{}',
    -- As a clock on the wall of that zone shows it: what people mean stays when the rules of the zone change. Without a
    -- zone it is a date, as its midnight.
    ADD COLUMN due timestamp,
    ADD COLUMN due_zone text,
    ADD COLUMN recurrence text,
    ADD COLUMN parent_id uuid,
    -- The todo that was made when this one, which recurred, was completed.
    ADD COLUMN next_id uuid,
    -- A row with this is only a mark for those who follow the list: the todo went to that list.
    ADD COLUMN moved_to uuid,
    -- Properties of an imported VTODO that nothing else here can say.
    ADD COLUMN icalendar text,
    ADD CONSTRAINT todos_priority_range CHECK (priority BETWEEN 0 AND 9),
    ADD CONSTRAINT todos_labels_count CHECK (cardinality(labels) <= 20 AND array_position(labels, NULL) IS NULL),
    ADD CONSTRAINT todos_due_of_zone CHECK (due IS NOT NULL OR due_zone IS NULL),
    ADD CONSTRAINT todos_due_without_zone_is_a_date CHECK (due_zone IS NOT NULL OR due = date_trunc('day', due)),
    ADD CONSTRAINT todos_due_zone_length CHECK (char_length(due_zone) BETWEEN 1 AND 64),
    ADD CONSTRAINT todos_recurrence_length CHECK (char_length(recurrence) BETWEEN 1 AND 200),
    ADD CONSTRAINT todos_due_of_recurrence CHECK (recurrence IS NULL OR due IS NOT NULL),
    ADD CONSTRAINT todos_no_recurrence_below_a_parent CHECK (recurrence IS NULL OR parent_id IS NULL),
    ADD CONSTRAINT todos_parent_is_another CHECK (parent_id <> id),
    -- Whoever deletes a parent deletes its children with it, so they are purged with it too.
    ADD CONSTRAINT todos_parent_id_fkey FOREIGN KEY (list_id, parent_id) REFERENCES todo.todos (list_id, id) ON DELETE CASCADE,
    ADD CONSTRAINT todos_moved_is_deleted CHECK (moved_to IS NULL OR delete_time IS NOT NULL),
    ADD CONSTRAINT todos_icalendar_length CHECK (octet_length(icalendar) <= 16384);

CREATE INDEX todos_children ON todo.todos (list_id, parent_id) WHERE parent_id IS NOT NULL;

ALTER TABLE todo.lists
    -- The revision that the last change of the list itself (its name, its members) made; no todo carries it.
    ADD COLUMN own_revision bigint NOT NULL DEFAULT 0,
    -- The last revision of a todo that was purged: who has followed no further misses what became of it.
    ADD COLUMN purged_revision bigint NOT NULL DEFAULT 0,
    ADD COLUMN member_count integer NOT NULL DEFAULT 1,
    ADD COLUMN delete_time timestamptz,
    ADD COLUMN purge_time timestamptz,
    ADD CONSTRAINT lists_own_revision_range CHECK (own_revision <= revision),
    ADD CONSTRAINT lists_purged_revision_range CHECK (purged_revision <= revision),
    ADD CONSTRAINT lists_member_count_range CHECK (member_count >= 1),
    ADD CONSTRAINT lists_purge_time_of_deleted CHECK ((delete_time IS NULL) = (purge_time IS NULL)),
    ADD CONSTRAINT lists_inbox_stays CHECK (NOT inbox OR delete_time IS NULL);

UPDATE todo.lists l SET member_count = m.n
FROM (SELECT list_id, count(*)::integer AS n FROM todo.list_members GROUP BY list_id) m
WHERE m.list_id = l.id AND m.n > 1;
