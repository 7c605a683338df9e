//! What has happened to the todos of a list, from the table itself.

use service_kit::postgres::{Database, Error};
use uuid::Uuid;

use super::row::ChangeRow;
use crate::revision::Revision;
use crate::watch::{Change, Head};

/// Up to `rows` todos of a list that have changed after `told` and up to its head, in the order of their revisions, each with
/// its own. Of those deleted up to `snapshot`: none. Of a list that the user may not see: none.
pub async fn changes(
    database: &Database,
    user: Uuid,
    head: &Head,
    told: Revision,
    snapshot: Revision,
    rows: i64,
) -> Result<Vec<(Revision, Change)>, Error> {
    let (list, head) = (head.list.uuid(), head.revision.count());
    let found = database.read(move |c| {
        Box::pin(async move {
            let (told, snapshot) = (told.count(), snapshot.count());
            let query =
                sqlx::query_file_as!(ChangeRow, "src/store/todos/changes.sql", user, list, told, head, snapshot, rows);
            Ok(query.fetch_all(c).await?)
        })
    });
    found.await?.into_iter().map(change).collect()
}

fn change(row: ChangeRow) -> Result<(Revision, Change), Error> {
    let moved = row.moved_to.is_some();
    let todo = row.todo()?;
    let revision = todo.revision;
    Ok((revision, if moved { Change::Removed(todo.key) } else { Change::Todo(todo) }))
}
