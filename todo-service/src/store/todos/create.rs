//! Making todos.

use service_kit::postgres::{Database, Error};
use sqlx::PgConnection;
use sqlx::types::time::PrimitiveDateTime;
use time::OffsetDateTime;
use uuid::Uuid;

use super::columns::{Columns, Values};
use super::in_order;
use super::row::{CreatedRow, corrupt, todos};
use crate::list::ListId;
use crate::todo::{Content, NewTodo, Todo, TodoKey};

/// What became of a todo that was to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Created {
    /// It was made now.
    Todo(Todo),
    /// An earlier request that said the same made it.
    Repeated(Todo),
    /// An earlier request made it, and it has gone to another list.
    Moved(TodoKey),
    /// Another request made a todo under its id or request id.
    Taken,
    /// What it was to be a part of is no todo that can have parts.
    Parent,
    /// The list is full.
    Quota,
    /// A twin (same id or request id), or its parent, came before it in the batch: to be asked again.
    Again,
    /// There is no such list, or the user may not write to it.
    #[default]
    NotFound,
}

/// One array a column.
#[derive(Default)]
struct Elements {
    users: Vec<Uuid>,
    lists: Vec<Uuid>,
    ids: Vec<Uuid>,
    requests: Vec<Option<Uuid>>,
    hashes: Vec<Vec<u8>>,
    columns: Columns,
    complete_times: Vec<Option<OffsetDateTime>>,
    icalendars: Vec<Option<String>>,
}

impl From<&[NewTodo]> for Elements {
    fn from(todos: &[NewTodo]) -> Self {
        let mut elements = Self::default();
        for todo in todos {
            let Content { title, notes, priority, labels, due, recurrence, parent } = &todo.content;
            elements.users.push(todo.creator);
            elements.lists.push(todo.key.list.uuid());
            elements.ids.push(todo.key.id);
            elements.requests.push(todo.request);
            elements.hashes.push(todo.fingerprint.as_bytes().to_vec());
            elements.columns.push(&Values {
                title: Some(title),
                notes: Some(notes),
                priority: Some(*priority),
                labels: Some(labels),
                due: due.as_ref(),
                recurrence: recurrence.as_ref(),
                parent: *parent,
            });
            elements.complete_times.push(todo.complete_time);
            elements.icalendars.push(todo.icalendar.clone());
        }
        elements
    }
}

/// The call of a function of the schema that makes todos.
macro_rules! making {
    ($from:literal, $elements:expr, $max:expr) => {{
        let Elements { users, lists, ids, requests, hashes, columns, complete_times, icalendars } = $elements;
        todos!(
            CreatedRow,
            r#"ord AS "ord!", outcome AS "outcome!", (todo).moved_to, "#,
            $from,
            &users,
            &lists,
            &ids,
            &requests as &[Option<Uuid>],
            &hashes,
            &columns.titles as &[Option<String>],
            &columns.notes as &[Option<String>],
            &columns.priorities as &[Option<i16>],
            &columns.labels as &[Option<String>],
            &columns.dues as &[Option<PrimitiveDateTime>],
            &columns.due_zones as &[Option<String>],
            &columns.recurrences as &[Option<String>],
            &columns.parent_lists as &[Option<Uuid>],
            &columns.parents as &[Option<Uuid>],
            &complete_times as &[Option<OffsetDateTime>],
            &icalendars as &[Option<String>],
            i64::from($max),
        )
    }};
}

/// Makes todos in lists that may hold `max` each.
pub async fn create(database: &Database, todos: &[NewTodo], max: u32) -> Result<Vec<Created>, Error> {
    let elements = Elements::from(todos);
    let rows = database.write(move |c| Box::pin(made(c, elements, max)));
    answers(todos.len(), rows.await?)
}

/// The same, in a transaction.
pub async fn create_in(c: &mut PgConnection, todos: &[NewTodo], max: u32) -> Result<Vec<Created>, Error> {
    answers(todos.len(), made(c, todos.into(), max).await?)
}

async fn made(c: &mut PgConnection, elements: Elements, max: u32) -> Result<Vec<CreatedRow>, Error> {
    let call = making!(
        "FROM todo.create_todos($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        elements,
        max
    );
    Ok(call.fetch_all(c).await?)
}

/// The same for a great many, which fill a list while they are made.
pub async fn import(database: &Database, todos: &[NewTodo], max: u32) -> Result<Vec<Created>, Error> {
    let elements = Elements::from(todos);
    let rows = database.write(move |c| {
        Box::pin(async move {
            let call = making!(
                "FROM todo.import_todos($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
                elements,
                max
            );
            Ok(call.fetch_all(c).await?)
        })
    });
    answers(todos.len(), rows.await?)
}

fn answers(count: usize, rows: Vec<CreatedRow>) -> Result<Vec<Created>, Error> {
    in_order(count, rows.into_iter().map(|row| Ok((row.ord, outcome(row)?))))
}

fn outcome(row: CreatedRow) -> Result<Created, Error> {
    match row.outcome.as_str() {
        "done" => Ok(Created::Todo(row.todo()?)),
        "repeated" => match (row.moved_to, row.id) {
            (Some(list), Some(id)) => Ok(Created::Moved(TodoKey { list: ListId::new(list), id })),
            _ => Ok(Created::Repeated(row.todo()?)),
        },
        "taken" => Ok(Created::Taken),
        "parent" => Ok(Created::Parent),
        "quota" => Ok(Created::Quota),
        "again" => Ok(Created::Again),
        // "invalid" among them: what was parsed passes every CHECK.
        _ => Err(corrupt("outcome", row.id.unwrap_or_default())),
    }
}
