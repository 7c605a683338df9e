-- Sessions in order of their end, for housekeeping. A refresh moves the end and so writes the indexes anew; being seen
-- does not.
CREATE INDEX sessions_over_index ON auth.sessions (coalesce(ended_at, idle_expires_at));

-- All sessions of a user: without it, deleting a user reads the whole table.
CREATE INDEX sessions_user_index ON auth.sessions (user_id);
