-- The roles, once for a whole server. Can be repeated.
--
-- Each service has a role that runs it and a role that migrates its schema. They log in by a
-- client certificate whose common name is the role's name; none of them has a password.

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['auth_migrator', 'auth_service', 'todo_migrator', 'todo_service'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', role);
        END IF;
    END LOOP;
END
$$;

-- By default everybody may connect to every database.
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
