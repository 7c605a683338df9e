//! What really happened: a row for each version of each todo, and of each list itself, written by triggers in the writer's
//! transaction.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

/// Its primary key is what every stamp is checked against; its sequence is the cursor that is not good enough.
const SCHEMA: &str = "
    CREATE TABLE todo.audit (
        list_id uuid, revision bigint, todo_id uuid NOT NULL, previous bigint, implied boolean NOT NULL, seq bigserial,
        transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
        CONSTRAINT audit_pkey PRIMARY KEY (list_id, revision)
    );
    CREATE FUNCTION todo.audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE
        before bigint;
    BEGIN
        -- A version that the same transaction makes over was never there for anybody.
        IF TG_OP = 'UPDATE' THEN
            UPDATE todo.audit SET implied = true
            WHERE list_id = OLD.list_id AND revision = OLD.revision AND transaction = pg_current_xact_id()
            RETURNING previous INTO before;
        END IF;
        INSERT INTO todo.audit (list_id, revision, todo_id, previous, implied)
        SELECT NEW.list_id, NEW.revision, NEW.id, CASE TG_OP WHEN 'UPDATE' THEN coalesce(before, OLD.revision) END,
            CASE TG_OP WHEN 'INSERT' THEN NEW.request_hash = sha256(uuid_send(NEW.id)) OR NEW.parent_id IS NOT NULL
            ELSE NEW.parent_id IS NOT NULL AND (NEW.state, NEW.delete_time) IS DISTINCT FROM (OLD.state, OLD.delete_time)
                OR NEW.moved_to IS NOT NULL OR NEW.position <> OLD.position END;
        RETURN NULL;
    END
    $$;
    CREATE TRIGGER audit AFTER INSERT OR UPDATE ON todo.todos FOR EACH ROW EXECUTE FUNCTION todo.audit();
    CREATE FUNCTION todo.audit_list() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO todo.audit (list_id, revision, todo_id, previous, implied)
        VALUES (NEW.id, NEW.own_revision, NEW.id, NULLIF(OLD.own_revision, 0), false);
        RETURN NULL;
    END
    $$;
    CREATE TRIGGER audit AFTER UPDATE ON todo.lists FOR EACH ROW WHEN (NEW.own_revision <> OLD.own_revision)
        EXECUTE FUNCTION todo.audit_list();
    GRANT EXECUTE ON FUNCTION todo.audit, todo.audit_list TO todo_service;
    GRANT SELECT ON todo.audit TO todo_service;
";

/// A version of a todo: its list and revision.
pub(crate) type Version = (Uuid, i64);

/// What there is to know of a version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) todo: Uuid,
    /// The todo's version before.
    pub(crate) previous: Option<i64>,
    /// Whether it came with a change of another todo: its parent, what it is the next occurrence of, or what was moved.
    pub(crate) implied: bool,
}

pub(crate) struct Audit {
    admin: PgConnection,
}

impl Audit {
    pub(crate) fn new(admin: PgConnection) -> Self {
        Self { admin }
    }

    pub(crate) async fn install(&mut self) {
        sqlx::raw_sql(SCHEMA).execute(&mut self.admin).await.unwrap();
    }

    pub(crate) async fn after_sequence(&mut self, cursor: i64) -> Vec<i64> {
        let query = sqlx::query_scalar("SELECT seq FROM todo.audit WHERE seq > $1").bind(cursor);
        query.fetch_all(&mut self.admin).await.unwrap()
    }

    /// All versions.
    pub(crate) async fn versions(&mut self) -> HashMap<Version, Entry> {
        let query = sqlx::query_as("SELECT list_id, revision, todo_id, previous, implied FROM todo.audit");
        let rows: Vec<(Uuid, i64, Uuid, Option<i64>, bool)> = query.fetch_all(&mut self.admin).await.unwrap();
        let entry = |(list, revision, todo, previous, implied)| ((list, revision), Entry { todo, previous, implied });
        rows.into_iter().map(entry).collect()
    }

    /// Families that are not as they must be once all is quiet: parts of what is a part itself, or is deleted and they
    /// are not; and next occurrences of none, or of several.
    pub(crate) async fn broken_families(&mut self) -> Vec<String> {
        let query = sqlx::query_scalar(
            "SELECT format('%s is a part of %s', c.id, p.id) FROM todo.todos c
            JOIN todo.todos p ON p.list_id = c.list_id AND p.id = c.parent_id
            WHERE p.parent_id IS NOT NULL OR p.delete_time IS NOT NULL AND c.delete_time IS NULL
            UNION ALL
            SELECT format('%s is next of %s todos', n.id, count(DISTINCT t.id)) FROM todo.todos n
            LEFT JOIN todo.todos t ON t.next_id = n.id
            WHERE n.request_hash = sha256(uuid_send(n.id)) GROUP BY n.id HAVING count(DISTINCT t.id) <> 1",
        );
        query.fetch_all(&mut self.admin).await.unwrap()
    }

    /// What contradicts itself in the tables, once all is quiet.
    pub(crate) async fn contradictions(&mut self, max_live: i32) -> Vec<String> {
        let query = sqlx::query_scalar(
            "SELECT format('list %s: revision %s, %s versions up to %s, newest todo %s, own %s, count %s of %s live, %s members
                of %s, owner %s of %s', l.id, l.revision, a.n, a.last, t.last, l.own_revision, l.live_count, t.live,
                l.member_count, m.n, l.owner_id, m.owners)
            FROM todo.lists l
            CROSS JOIN LATERAL (SELECT count(*) n, max(revision) last FROM todo.audit WHERE list_id = l.id) a
            CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE delete_time IS NULL) live, max(revision) last
                FROM todo.todos WHERE list_id = l.id) t
            CROSS JOIN LATERAL (SELECT count(*) n, array_agg(user_id) FILTER (WHERE role = 'owner') owners
                FROM (SELECT * FROM todo.list_members UNION ALL SELECT * FROM todo.suspended_members) all_members WHERE list_id = l.id) m
            WHERE a.n <> l.revision OR a.last <> l.revision OR greatest(t.last, l.own_revision) <> l.revision
                OR t.live <> l.live_count OR l.live_count > $1 OR m.n <> l.member_count
                OR m.owners IS DISTINCT FROM ARRAY[l.owner_id]",
        );
        query.bind(max_live).fetch_all(&mut self.admin).await.unwrap()
    }

    pub(crate) async fn deadlocks(&mut self) -> i64 {
        let query = sqlx::query_scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
        query.fetch_one(&mut self.admin).await.unwrap()
    }
}
