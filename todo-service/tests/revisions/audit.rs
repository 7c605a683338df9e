//! What really happened: a row for each version of each todo, written by a trigger in the writer's transaction.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

/// Its primary key is what every stamp is checked against; its sequence is the cursor that is not good enough.
const SCHEMA: &str = "
    CREATE TABLE todo.audit (
        list_id uuid, revision bigint, todo_id uuid NOT NULL, previous bigint, seq bigserial,
        CONSTRAINT audit_pkey PRIMARY KEY (list_id, revision)
    );
    CREATE FUNCTION todo.audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO todo.audit (list_id, revision, todo_id, previous)
        VALUES (NEW.list_id, NEW.revision, NEW.id, CASE TG_OP WHEN 'UPDATE' THEN OLD.revision END);
        RETURN NULL;
    END
    $$;
    CREATE TRIGGER audit AFTER INSERT OR UPDATE ON todo.todos FOR EACH ROW EXECUTE FUNCTION todo.audit();
    GRANT EXECUTE ON FUNCTION todo.audit TO todo_service;
    GRANT SELECT ON todo.audit TO todo_service;
";

/// A version of a todo: its list and revision.
pub(crate) type Version = (Uuid, i64);

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

    /// Each version, with its todo and that todo's version before.
    pub(crate) async fn versions(&mut self) -> HashMap<Version, (Uuid, Option<i64>)> {
        let query = sqlx::query_as("SELECT list_id, revision, todo_id, previous FROM todo.audit");
        let rows: Vec<(Uuid, i64, Uuid, Option<i64>)> = query.fetch_all(&mut self.admin).await.unwrap();
        rows.into_iter().map(|(list, revision, todo, previous)| ((list, revision), (todo, previous))).collect()
    }

    /// What contradicts itself in the tables, once all is quiet.
    pub(crate) async fn contradictions(&mut self, max_live: i32) -> Vec<String> {
        let query = sqlx::query_scalar(
            "SELECT format('list %s: revision %s, %s versions up to %s, newest todo %s, count %s of %s live', l.id, l.revision,
                a.n, a.last, t.last, l.live_count, t.live)
            FROM todo.lists l
            CROSS JOIN LATERAL (SELECT count(*) n, max(revision) last FROM todo.audit WHERE list_id = l.id) a
            CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE delete_time IS NULL) live, max(revision) last
                FROM todo.todos WHERE list_id = l.id) t
            WHERE a.n <> l.revision OR a.last <> l.revision OR t.last <> l.revision OR t.live <> l.live_count
                OR l.live_count > $1",
        );
        query.bind(max_live).fetch_all(&mut self.admin).await.unwrap()
    }

    pub(crate) async fn deadlocks(&mut self) -> i64 {
        let query = sqlx::query_scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
        query.fetch_one(&mut self.admin).await.unwrap()
    }
}
