//! Watches: what is told, in which order, from where on, and until when.

mod all;
mod ends;
mod one;
mod retention;

use proto::todo::v1 as wire;
use uuid::Uuid;

use crate::support::world::World;

impl World {
    /// Something that no rpc does.
    async fn execute(&self, statement: &'static str, list: &wire::List) {
        let id: Uuid = list.name.trim_start_matches("lists/").parse().unwrap();
        // What the superuser writes rings no bell of ours: a write of nothing does.
        sqlx::query(statement).bind(id).execute(&mut self.admin().await).await.unwrap();
        self.ring().await;
    }

    async fn ring(&self) {
        todo_service::store::watch::ring(&self.database).await.unwrap();
    }
}

/// As a change of the list itself is written.
const RENAME: &str =
    "UPDATE todo.lists SET display_name = 'Renamed', revision = revision + 1, own_revision = revision + 1
                      WHERE id = $1";
