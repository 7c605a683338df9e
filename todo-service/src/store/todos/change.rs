//! Changing todos.

use service_kit::postgres::{Database, Error};
use sqlx::postgres::types::PgInterval;
use sqlx::types::time::PrimitiveDateTime;
use uuid::Uuid;

use super::columns::{Columns, Values};
use super::in_order;
use super::row::{OutcomeRow, corrupt, todos};
use crate::revision::Revision;
use crate::todo::{Action, Change, Edit, Todo};

/// How long a deleted todo can still be read, in days. The API documents it.
const RETENTION_DAYS: i32 = 30;

/// What became of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly every answer is a todo")]
pub enum Changed {
    /// The todo as it is now. If there was nothing to change, its revision is the one that it had.
    Todo(Todo),
    /// It is not in the expected version, but in this one.
    Mismatch(Revision),
    /// What it was to be a part of is no todo that can have parts, or it has parts itself.
    Parent,
    /// It would recur without a due, or as a part of another.
    Recurrence,
    /// A change of the same todo, or of the family that it was to belong to, came before it in the batch: to be asked
    /// again.
    Again,
    /// There is no such todo, or it is deleted, or the user may not write to its list.
    #[default]
    NotFound,
}

/// One array a column.
#[derive(Default)]
struct Elements {
    users: Vec<Uuid>,
    lists: Vec<Uuid>,
    ids: Vec<Uuid>,
    actions: Vec<String>,
    expected: Vec<Option<i64>>,
    masks: Vec<i32>,
    columns: Columns,
}

impl From<&[Change]> for Elements {
    fn from(changes: &[Change]) -> Self {
        let mut elements = Self::default();
        for change in changes {
            let nothing = Edit::default();
            let (action, edit) = match &change.action {
                Action::Edit(edit) => ("edit", edit),
                Action::Complete => ("complete", &nothing),
                Action::Reopen => ("reopen", &nothing),
                Action::Delete => ("delete", &nothing),
            };
            elements.users.push(change.user);
            elements.lists.push(change.key.list.uuid());
            elements.ids.push(change.key.id);
            elements.actions.push(action.to_owned());
            elements.expected.push(change.expected.map(|etag| etag.revision().count()));
            elements.masks.push(mask(edit));
            elements.columns.push(&values(edit));
        }
        elements
    }
}

/// Which fields an edit writes, as `todo.change_todos` counts them.
fn mask(edit: &Edit) -> i32 {
    let Edit { title, notes, priority, labels, due, recurrence, parent } = edit;
    let written = [
        title.is_some(),
        notes.is_some(),
        priority.is_some(),
        labels.is_some(),
        due.is_some(),
        recurrence.is_some(),
        parent.is_some(),
    ];
    written.into_iter().rev().fold(0, |mask, written| mask << 1 | i32::from(written))
}

fn values(edit: &Edit) -> Values<'_> {
    Values {
        title: edit.title.as_ref(),
        notes: edit.notes.as_ref(),
        priority: edit.priority,
        labels: edit.labels.as_ref(),
        due: edit.due.as_ref().and_then(Option::as_ref),
        recurrence: edit.recurrence.as_ref().and_then(Option::as_ref),
        parent: edit.parent.flatten(),
    }
}

/// Changes todos.
pub async fn change(database: &Database, changes: &[Change]) -> Result<Vec<Changed>, Error> {
    let elements = Elements::from(changes);
    let rows = database.write(move |c| {
        Box::pin(async move {
            let Elements { users, lists, ids, actions, expected, masks, columns } = elements;
            let call = todos!(
                OutcomeRow,
                r#"ord AS "ord!", outcome AS "outcome!", "#,
                "FROM todo.change_todos($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
                &users,
                &lists,
                &ids,
                &actions,
                &expected as &[Option<i64>],
                &masks,
                &columns.titles as &[Option<String>],
                &columns.notes as &[Option<String>],
                &columns.priorities as &[Option<i16>],
                &columns.labels as &[Option<String>],
                &columns.dues as &[Option<PrimitiveDateTime>],
                &columns.due_zones as &[Option<String>],
                &columns.recurrences as &[Option<String>],
                &columns.parent_lists as &[Option<Uuid>],
                &columns.parents as &[Option<Uuid>],
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
        "mismatch" => Ok(Changed::Mismatch(Revision::new(row.revision.unwrap_or_default()))),
        "parent" => Ok(Changed::Parent),
        "recurrence" => Ok(Changed::Recurrence),
        "again" => Ok(Changed::Again),
        // "invalid" among them: what was parsed passes every CHECK.
        _ => Err(corrupt("outcome", row.id.unwrap_or_default())),
    }
}
