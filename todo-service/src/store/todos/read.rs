//! Reads: one plain statement each, with the membership in it. Nothing is locked.

use service_kit::postgres::{Database, Error};
use uuid::Uuid;

use super::in_order;
use super::row::FoundRow;
use crate::todo::{Todo, TodoKey};

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
