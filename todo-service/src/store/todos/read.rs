//! Reads: one plain statement each, with the membership in it. Nothing is locked.

use service_kit::postgres::{Database, Error};
use uuid::Uuid;

use super::in_order;
use super::row::{FoundRow, PageRow, todos};
use crate::todo::{Parent, Todo, TodoKey};

/// The todos that the users may see, deleted ones too; `None` for the others.
pub async fn get(database: &Database, wanted: &[(Uuid, TodoKey)]) -> Result<Vec<Option<Todo>>, Error> {
    let users: Vec<Uuid> = wanted.iter().map(|(user, _)| *user).collect();
    let lists: Vec<Uuid> = wanted.iter().map(|(_, key)| key.list.uuid()).collect();
    let ids: Vec<Uuid> = wanted.iter().map(|(_, key)| key.id).collect();
    let rows = database.read(move |c| {
        Box::pin(async move {
            let query = sqlx::query_file_as!(FoundRow, "src/store/todos/get.sql", &users, &lists, &ids);
            Ok(query.fetch_all(c).await?)
        })
    });
    in_order(wanted.len(), rows.await?.into_iter().map(|row| Ok((row.ord, Some(row.todo()?)))))
}

/// Up to `rows` todos that are not deleted, by key, from the one after `after` on. Of a list that the user may not see:
/// none.
pub async fn page(
    database: &Database,
    user: Uuid,
    parent: Parent,
    after: Option<TodoKey>,
    rows: i64,
) -> Result<Vec<Todo>, Error> {
    let (after_list, after_id) = after.map(|key| (key.list.uuid(), key.id)).unzip();
    let (first, last) = match parent {
        Parent::One(list) => (list.uuid(), list.uuid()),
        Parent::All => (after_list.unwrap_or(Uuid::nil()), Uuid::max()),
    };
    let rows = database.read(move |c| {
        Box::pin(async move {
            let call = todos!(
                PageRow,
                "",
                "FROM todo.page_of_todos($1, $2, $3, $4, $5, $6) AS todo",
                user,
                first,
                last,
                after_list,
                after_id,
                rows,
            );
            Ok(call.fetch_all(c).await?)
        })
    });
    rows.await?.into_iter().map(PageRow::todo).collect()
}
