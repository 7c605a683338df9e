//! Making todos.

use service_kit::postgres::{Database, Error};
use uuid::Uuid;

use super::in_order;
use super::row::{OutcomeRow, corrupt};
use crate::todo::{NewTodo, Todo};

/// What became of a todo that was to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Created {
    /// It is there, made now or by an earlier request that said the same.
    Todo(Todo),
    /// Another request made a todo under its id or request id.
    Taken,
    /// The list is full.
    Quota,
    /// A twin (same id or request id) came before it in the batch: to be asked again.
    Again,
    /// There is no such list, or the user may not write to it.
    #[default]
    NotFound,
}

/// One array a column.
#[derive(Default)]
struct Columns {
    users: Vec<Uuid>,
    lists: Vec<Uuid>,
    ids: Vec<Uuid>,
    requests: Vec<Option<Uuid>>,
    hashes: Vec<Vec<u8>>,
    titles: Vec<String>,
    notes: Vec<String>,
}

impl From<&[NewTodo]> for Columns {
    fn from(todos: &[NewTodo]) -> Self {
        let mut columns = Self::default();
        for todo in todos {
            columns.users.push(todo.creator);
            columns.lists.push(todo.key.list.uuid());
            columns.ids.push(todo.key.id);
            columns.requests.push(todo.request);
            columns.hashes.push(todo.fingerprint.as_bytes().to_vec());
            columns.titles.push(todo.title.as_str().to_owned());
            columns.notes.push(todo.notes.as_str().to_owned());
        }
        columns
    }
}

/// Makes todos in lists that may hold `max` each.
pub async fn create(database: &Database, todos: &[NewTodo], max: u32) -> Result<Vec<Created>, Error> {
    let columns = Columns::from(todos);
    let rows = database.write(move |c| {
        Box::pin(async move {
            let call = sqlx::query_as!(
                OutcomeRow,
                r#"SELECT ord AS "ord!", outcome AS "outcome!", list_id AS "list_id!", id AS "id!", title AS "title!",
                    notes AS "notes!", state AS "state!", creator_id AS "creator_id!", revision AS "revision!",
                    create_time AS "create_time!", update_time AS "update_time!", complete_time, delete_time, purge_time
                FROM todo.create_todos($1, $2, $3, $4, $5, $6, $7, $8)"#,
                &columns.users,
                &columns.lists,
                &columns.ids,
                &columns.requests as &[Option<Uuid>],
                &columns.hashes,
                &columns.titles,
                &columns.notes,
                i64::from(max),
            );
            Ok(call.fetch_all(c).await?)
        })
    });
    in_order(todos.len(), rows.await?.into_iter().map(|row| Ok((row.ord, outcome(row)?))))
}

fn outcome(row: OutcomeRow) -> Result<Created, Error> {
    match row.outcome.as_str() {
        "done" | "repeated" => Ok(Created::Todo(row.todo()?)),
        "taken" => Ok(Created::Taken),
        "quota" => Ok(Created::Quota),
        "again" => Ok(Created::Again),
        // "invalid" among them: what was parsed passes every CHECK.
        _ => Err(corrupt("outcome", row.id)),
    }
}
