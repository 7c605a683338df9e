//! Somebody who follows the lists by `revision > cursor`, as Watch will.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) struct Follower {
    connection: PgConnection,
    lists: Vec<Uuid>,
    cursors: HashMap<Uuid, i64>,
    /// The todos as they were last met: id and revision.
    met: HashMap<(Uuid, Uuid), i64>,
    faults: Vec<String>,
    pub(crate) polls: usize,
}

impl Follower {
    pub(crate) fn new(connection: PgConnection, lists: Vec<Uuid>) -> Self {
        let cursors = lists.iter().map(|list| (*list, 0)).collect();
        Self { connection, lists, cursors, met: HashMap::new(), faults: Vec::new(), polls: 0 }
    }

    /// One look at each list.
    pub(crate) async fn poll(&mut self) {
        for list in self.lists.clone() {
            let cursor = self.cursors[&list];
            let (revision, versions) = self.look(list, cursor).await;
            // In one snapshot: all versions up to the list's own, and none beyond.
            let expected: Vec<i64> = (cursor + 1..=revision).collect();
            if versions != expected {
                self.faults.push(format!("{list} after {cursor} at {revision}: {versions:?}"));
            }
            self.cursors.insert(list, versions.last().copied().unwrap_or(cursor));
            self.polls += 1;
        }
    }

    /// The list's revision, and the versions above the cursor; the todos above it are met.
    async fn look(&mut self, list: Uuid, cursor: i64) -> (i64, Vec<i64>) {
        let query = sqlx::query_as(
            "SELECT l.revision,
                ARRAY(SELECT a.revision FROM todo.audit a WHERE a.list_id = l.id AND a.revision > $2 ORDER BY 1),
                ARRAY(SELECT t.id FROM todo.todos t WHERE t.list_id = l.id AND t.revision > $2 ORDER BY t.revision),
                ARRAY(SELECT t.revision FROM todo.todos t WHERE t.list_id = l.id AND t.revision > $2 ORDER BY t.revision)
            FROM todo.lists l WHERE l.id = $1",
        );
        let row: (i64, Vec<i64>, Vec<Uuid>, Vec<i64>) =
            query.bind(list).bind(cursor).fetch_one(&mut self.connection).await.unwrap();
        let (revision, versions, todos, stamps) = row;
        self.met.extend(todos.into_iter().map(|todo| (list, todo)).zip(stamps));
        (revision, versions)
    }

    /// Once all is quiet: what was met is what is there.
    pub(crate) async fn compare(&mut self) {
        self.poll().await;
        let query = sqlx::query_as("SELECT list_id, id, revision FROM todo.todos");
        let rows: Vec<(Uuid, Uuid, i64)> = query.fetch_all(&mut self.connection).await.unwrap();
        for (list, todo, revision) in rows {
            let met = self.met.remove(&(list, todo));
            if met != Some(revision) {
                self.faults.push(format!("todo {todo} is at {revision} and was met at {met:?}"));
            }
        }
        self.faults.extend(self.met.drain().map(|(todo, _)| format!("{todo:?} was met and is not there")));
    }

    pub(crate) fn revisions(&self) -> Vec<(Uuid, i64)> {
        let mut revisions: Vec<_> = self.cursors.iter().map(|(list, cursor)| (*list, *cursor)).collect();
        revisions.retain(|(_, cursor)| *cursor > 0);
        revisions.sort_unstable();
        revisions
    }

    pub(crate) fn faults(self) -> Vec<String> {
        self.faults
    }
}
