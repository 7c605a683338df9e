-- Where a todo stands in its list: the order of these texts, byte by byte. A new todo gets its revision, so it comes after all
-- that are there and nothing is read for it; between any two there is room for another, as the text may grow.
ALTER TABLE todo.todos ADD COLUMN position text COLLATE "C";

CREATE FUNCTION todo.position_at(revision bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT lpad(to_hex(revision), 16, '0') $$;

UPDATE todo.todos SET position = todo.position_at(revision);

ALTER TABLE todo.todos
    ALTER COLUMN position SET NOT NULL,
    ADD CONSTRAINT todos_position_form CHECK (position ~ '^[0-9a-f]{16,64}$'),
    -- They made the columns of rows that were there; who writes a row says them.
    ALTER COLUMN priority DROP DEFAULT,
    ALTER COLUMN labels DROP DEFAULT;
