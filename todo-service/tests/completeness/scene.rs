//! Two replicas, a user with some lists, and who writes to them.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::PgConnection;
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::World;
use crate::support::world::User;
use crate::{trouble, writer};

/// Lists beside the inbox.
const LISTS: usize = 3;
/// Writers at each replica.
const WRITERS: usize = 3;

/// Between a statement and its commit there is time: a trigger that waits until the end of the transaction waits there. And a
/// number from a sequence for every version, as it is written.
const SCHEMA: &str = "
    CREATE TABLE todo.audit (seq bigserial, list_id uuid, todo_id uuid, revision bigint);
    CREATE INDEX ON todo.audit (seq);
    CREATE FUNCTION todo.audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO todo.audit (list_id, todo_id, revision) VALUES (NEW.list_id, NEW.id, NEW.revision);
        RETURN NULL;
    END
    $$;
    CREATE TRIGGER audit AFTER INSERT OR UPDATE ON todo.todos FOR EACH ROW EXECUTE FUNCTION todo.audit();
    CREATE FUNCTION todo.pause() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_sleep(random() * 0.01);
        RETURN NULL;
    END
    $$;
    CREATE CONSTRAINT TRIGGER pause AFTER INSERT OR UPDATE ON todo.todos
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION todo.pause();
";

/// A row of the table: list, todo, revision, and whether it is deleted.
pub(crate) type Row = (Uuid, Uuid, i64, bool);

pub(crate) struct Scene {
    replicas: [World; 2],
    /// The user, at each replica.
    users: [User; 2],
    /// The names of the lists.
    lists: Vec<String>,
    /// Whether all is written.
    over: watch::Sender<bool>,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let replicas = World::replicas().await;
        sqlx::raw_sql(SCHEMA).execute(&mut replicas[0].admin().await).await.unwrap();
        let mut user = replicas[0].user();
        let mut lists = vec![user.get_list("lists/inbox").await.unwrap().name];
        for number in 0..LISTS {
            lists.push(user.list(&number.to_string()).await.name);
        }
        let users = [replicas[0].user_with_id(user.id), replicas[1].user_with_id(user.id)];
        Self { replicas, users, lists, over: watch::Sender::new(false) }
    }

    /// What can be watched: each list, and all of them.
    pub(crate) fn parents(&self) -> Vec<String> {
        let all = "lists/-".to_owned();
        self.lists.iter().take(2).cloned().chain([all]).collect()
    }

    /// The lists that are below a parent.
    pub(crate) fn below(&self, parent: &str) -> Vec<Uuid> {
        let lists = self.lists.iter().filter(|list| parent == "lists/-" || parent == *list);
        lists.map(|list| id(list)).collect()
    }

    pub(crate) fn user(&self, replica: usize) -> User {
        self.users[replica % 2].clone()
    }

    pub(crate) fn lists(&self) -> &[String] {
        &self.lists
    }

    /// Says when all is written.
    pub(crate) fn over(&self) -> watch::Receiver<bool> {
        self.over.subscribe()
    }

    /// A connection to look at the tables.
    pub(crate) async fn admin(&self) -> PgConnection {
        self.replicas[0].admin().await
    }

    /// Lets everybody write, in trouble, and says what has happened how often.
    pub(crate) async fn play(self: &Arc<Self>) -> HashMap<&'static str, usize> {
        let mut writers = JoinSet::new();
        for number in 0..2 * WRITERS {
            writers.spawn(writer::write(Arc::clone(self), number));
        }
        let database = self.replicas[1].database.clone();
        let purges = tokio::spawn(trouble::purge(database, self.over()));
        let cuts = tokio::spawn(trouble::cut_listeners(self.admin().await, self.over()));
        let writes = writers.join_all().await.into_iter().sum();
        self.over.send_replace(true);
        [("writes", writes), ("purged", purges.await.unwrap()), ("cuts", cuts.await.unwrap())].into()
    }
}

/// The table as it is.
pub(crate) async fn table(admin: &mut PgConnection) -> Vec<Row> {
    let query = sqlx::query_as("SELECT list_id, id, revision, delete_time IS NOT NULL FROM todo.todos");
    query.fetch_all(admin).await.unwrap()
}

/// The id at the end of a name.
pub(crate) fn id(name: &str) -> Uuid {
    name.rsplit('/').next().unwrap().parse().unwrap()
}
