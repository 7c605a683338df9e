//! What has happened to the todos of a list, from the table itself.

use service_kit::postgres::{Database, Error};
use uuid::Uuid;

use super::row::ChangeRow;
use crate::list::ListId;
use crate::revision::Revision;
use crate::watch::{Change, Head};

/// How far a list is, if the user is a member, and up to `rows` of its todos that have changed after `told`, in the order of
/// their revisions, each with its own. Of those deleted up to `snapshot`: none.
pub async fn changes(
    database: &Database,
    user: Uuid,
    list: ListId,
    told: Revision,
    snapshot: Revision,
    rows: i64,
) -> Result<Option<(Head, Vec<(Revision, Change)>)>, Error> {
    let found = database.read(move |c| {
        Box::pin(async move {
            let (list, told, snapshot) = (list.uuid(), told.count(), snapshot.count());
            let query =
                sqlx::query_file_as!(ChangeRow, "src/store/todos/changes.sql", user, list, told, snapshot, rows);
            Ok(query.fetch_all(c).await?)
        })
    });
    let rows = found.await?;
    let Some(head) = rows.first().map(head) else { return Ok(None) };
    // Of a list in which nothing has changed there is a row as well, without a todo.
    let changes = rows.into_iter().filter(|row| row.id.is_some()).map(change);
    Ok(Some((head, changes.collect::<Result<_, _>>()?)))
}

fn head(row: &ChangeRow) -> Head {
    Head {
        list: ListId::new(row.list),
        revision: Revision::new(row.head),
        own_revision: Revision::new(row.own),
        purged_revision: Revision::new(row.purged),
    }
}

fn change(row: ChangeRow) -> Result<(Revision, Change), Error> {
    let moved = row.moved_to.is_some();
    let todo = row.todo()?;
    let revision = todo.revision;
    Ok((revision, if moved { Change::Removed(todo.key) } else { Change::Todo(todo) }))
}
