//! The cursor that is not good enough: over a sequence.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::scene::{Scene, table};

/// Reads what has a higher number than the last one read, until all is written, and once more. Says which todos it does not
/// know as they are.
pub(crate) async fn follow(scene: Arc<Scene>) -> Vec<String> {
    let (mut admin, over) = (scene.admin().await, scene.over());
    let (mut last, mut known, mut is_last) = (0, HashMap::new(), false);
    loop {
        let query =
            sqlx::query_as("SELECT seq, list_id, todo_id, revision FROM todo.audit WHERE seq > $1 ORDER BY seq");
        let rows: Vec<(i64, Uuid, Uuid, i64)> = query.bind(last).fetch_all(&mut admin).await.unwrap();
        for (seq, list, todo, revision) in rows {
            last = seq;
            known.insert((list, todo), revision);
        }
        if is_last {
            break;
        }
        is_last = *over.borrow();
    }
    let table = table(&mut admin).await;
    let unknown = table.into_iter().filter(|(list, todo, revision, _)| known.get(&(*list, *todo)) != Some(revision));
    unknown.map(|row| format!("never told: {row:?}")).collect()
}
