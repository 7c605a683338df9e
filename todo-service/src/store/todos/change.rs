//! Changing todos.

use service_kit::postgres::{Database, Error};
use sqlx::postgres::types::PgInterval;
use uuid::Uuid;

use super::in_order;
use super::row::{OutcomeRow, corrupt};
use crate::revision::Revision;
use crate::todo::{Action, Change, Notes, Title, Todo};

/// How long a deleted todo can still be read, in days. The API documents it.
const RETENTION_DAYS: i32 = 30;

/// What became of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Changed {
    /// The todo as it is now. If there was nothing to change, its revision is the one that it had.
    Todo(Todo),
    /// It is not in the expected version, but in this one.
    Mismatch(Revision),
    /// A change of the same todo came before it in the batch: to be asked again.
    Again,
    /// There is no such todo, or it is deleted, or the user may not write to its list.
    #[default]
    NotFound,
}

/// One array a column.
#[derive(Default)]
struct Columns {
    users: Vec<Uuid>,
    lists: Vec<Uuid>,
    ids: Vec<Uuid>,
    actions: Vec<String>,
    expected: Vec<Option<i64>>,
    titles: Vec<Option<String>>,
    notes: Vec<Option<String>>,
}

impl From<&[Change]> for Columns {
    fn from(changes: &[Change]) -> Self {
        let mut columns = Self::default();
        for change in changes {
            let (action, title, notes) = match &change.action {
                Action::Edit { title, notes } => ("edit", title.as_ref(), notes.as_ref()),
                Action::Complete => ("complete", None, None),
                Action::Reopen => ("reopen", None, None),
                Action::Delete => ("delete", None, None),
            };
            columns.users.push(change.user);
            columns.lists.push(change.key.list.uuid());
            columns.ids.push(change.key.id);
            columns.actions.push(action.to_owned());
            columns.expected.push(change.expected.map(|etag| etag.revision().count()));
            columns.titles.push(title.map(Title::as_str).map(str::to_owned));
            columns.notes.push(notes.map(Notes::as_str).map(str::to_owned));
        }
        columns
    }
}

/// Changes todos.
pub async fn change(database: &Database, changes: &[Change]) -> Result<Vec<Changed>, Error> {
    let columns = Columns::from(changes);
    let rows = database.write(move |c| {
        Box::pin(async move {
            let call = sqlx::query_as!(
                OutcomeRow,
                r#"SELECT ord AS "ord!", outcome AS "outcome!", list_id AS "list_id!", id AS "id!", title AS "title!",
                    notes AS "notes!", state AS "state!", creator_id AS "creator_id!", revision AS "revision!",
                    create_time AS "create_time!", update_time AS "update_time!", complete_time, delete_time, purge_time
                FROM todo.change_todos($1, $2, $3, $4, $5, $6, $7, $8)"#,
                &columns.users,
                &columns.lists,
                &columns.ids,
                &columns.actions,
                &columns.expected as &[Option<i64>],
                &columns.titles as &[Option<String>],
                &columns.notes as &[Option<String>],
                PgInterval { months: 0, days: RETENTION_DAYS, microseconds: 0 },
            );
            Ok(call.fetch_all(c).await?)
        })
    });
    in_order(changes.len(), rows.await?.into_iter().map(|row| Ok((row.ord, outcome(row)?))))
}

fn outcome(row: OutcomeRow) -> Result<Changed, Error> {
    match row.outcome.as_str() {
        "done" | "unchanged" => Ok(Changed::Todo(row.todo()?)),
        "mismatch" => Ok(Changed::Mismatch(Revision::new(row.revision))),
        "again" => Ok(Changed::Again),
        // "invalid" among them: what was parsed passes every CHECK.
        _ => Err(corrupt("outcome", row.id)),
    }
}
