-- Raised whenever another password is chosen. A hash that is renewed at a log-in leaves it, so that calls which compared
-- the password meanwhile still know that it is the same.
ALTER TABLE auth.users
    ADD COLUMN password_revision bigint NOT NULL DEFAULT 1,
    ADD CONSTRAINT users_password_revision_check CHECK (password_revision >= 1);
