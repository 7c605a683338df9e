-- The schemas and rights inside one database: run it there, as its owner. Can be repeated.
--
-- A service's own role reads and writes rows of its own schema. Only its migration role can
-- change the schema, and neither sees the other service's.

REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA IF NOT EXISTS auth AUTHORIZATION auth_migrator;
CREATE SCHEMA IF NOT EXISTS todo AUTHORIZATION todo_migrator;

GRANT USAGE ON SCHEMA auth TO auth_service;
GRANT USAGE ON SCHEMA todo TO todo_service;

-- For whatever the migrations create from now on.
ALTER DEFAULT PRIVILEGES FOR ROLE auth_migrator
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO auth_service;
ALTER DEFAULT PRIVILEGES FOR ROLE auth_migrator GRANT USAGE ON SEQUENCES TO auth_service;
ALTER DEFAULT PRIVILEGES FOR ROLE auth_migrator GRANT EXECUTE ON FUNCTIONS TO auth_service;
ALTER DEFAULT PRIVILEGES FOR ROLE auth_migrator REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

ALTER DEFAULT PRIVILEGES FOR ROLE todo_migrator
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO todo_service;
ALTER DEFAULT PRIVILEGES FOR ROLE todo_migrator GRANT USAGE ON SEQUENCES TO todo_service;
ALTER DEFAULT PRIVILEGES FOR ROLE todo_migrator GRANT EXECUTE ON FUNCTIONS TO todo_service;
ALTER DEFAULT PRIVILEGES FOR ROLE todo_migrator REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- Rights on the database itself are not copied from a template, so they come last, by name.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO auth_migrator, auth_service, todo_migrator, todo_service',
        current_database()
    );
END
$$;
