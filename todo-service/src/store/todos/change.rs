//! Changing todos.

use service_kit::postgres::{Database, Error};
use sqlx::PgConnection;
use sqlx::postgres::types::PgInterval;
use sqlx::types::time::PrimitiveDateTime;
use uuid::Uuid;

use super::columns::{Columns, Values};
use super::row::{OutcomeRow, corrupt, todos};
use super::{civil, in_order};
use crate::revision::Revision;
use crate::todo::{Action, Change, Completion, Edit, Todo};

/// How long a deleted todo can still be read: 30 days. The API documents it.
pub(super) const RETENTION: PgInterval = PgInterval { months: 0, days: 30, microseconds: 0 };

/// What became of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Changed {
    /// The todo as it is now. If there was nothing to change, its revision is the one that it had.
    Todo(Todo),
    /// It is not in the expected version, but in this one.
    Mismatch(Revision),
    /// What it was to be a part of is no todo that can have parts, or it has parts itself.
    Parent,
    /// It would recur without a due, or as a part of another.
    Recurrence,
    /// It recurs, and what comes next was computed from another version than this.
    Recurring(Todo),
    /// It recurs, and the list has no room for what comes next.
    Quota,
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
    nexts: Nexts,
}

/// What comes next of those that are completed.
#[derive(Default)]
struct Nexts {
    from: Vec<Option<i64>>,
    ids: Vec<Option<Uuid>>,
    dues: Vec<Option<PrimitiveDateTime>>,
    recurrences: Vec<Option<String>>,
}

impl Nexts {
    fn push(&mut self, completion: Option<&Completion>) {
        let next = completion.and_then(|completion| completion.next.as_ref());
        let occurrence = next.and_then(|next| next.occurrence.as_ref());
        self.from.push(next.map(|next| next.from.count()));
        self.ids.push(completion.map(|completion| completion.next_id));
        self.dues.push(occurrence.and_then(|(due, _)| civil::store(due.civil())));
        self.recurrences.push(occurrence.map(|(_, recurrence)| recurrence.to_string()));
    }
}

impl From<&[Change]> for Elements {
    fn from(changes: &[Change]) -> Self {
        let mut elements = Self::default();
        for change in changes {
            let nothing = Edit::default();
            let (action, edit, completion) = match &change.action {
                Action::Edit(edit) => ("edit", edit, None),
                Action::Complete(completion) => ("complete", &nothing, Some(completion)),
                Action::Reopen => ("reopen", &nothing, None),
                Action::Delete => ("delete", &nothing, None),
            };
            elements.users.push(change.user);
            elements.lists.push(change.key.list.uuid());
            elements.ids.push(change.key.id);
            elements.actions.push(action.to_owned());
            elements.expected.push(change.expected.map(|etag| etag.revision().count()));
            elements.masks.push(mask(edit));
            elements.columns.push(&values(edit));
            elements.nexts.push(completion);
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

/// Changes todos in lists that may hold `max` each.
pub async fn change(database: &Database, changes: &[Change], max: u32) -> Result<Vec<Changed>, Error> {
    let (elements, count) = (Elements::from(changes), changes.len());
    database.write(move |c| Box::pin(run(c, elements, count, max))).await
}

/// The same, in a transaction.
pub async fn change_in(c: &mut PgConnection, changes: &[Change], max: u32) -> Result<Vec<Changed>, Error> {
    run(c, changes.into(), changes.len(), max).await
}

async fn run(c: &mut PgConnection, elements: Elements, count: usize, max: u32) -> Result<Vec<Changed>, Error> {
    let Elements { users, lists, ids, actions, expected, masks, columns, nexts } = elements;
    let call = todos!(
        OutcomeRow,
        r#"ord AS "ord!", outcome AS "outcome!", "#,
        "FROM todo.change_todos($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21)",
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
        &nexts.from as &[Option<i64>],
        &nexts.ids as &[Option<Uuid>],
        &nexts.dues as &[Option<PrimitiveDateTime>],
        &nexts.recurrences as &[Option<String>],
        RETENTION,
        i64::from(max),
    );
    let rows = call.fetch_all(c).await?;
    in_order(count, rows.into_iter().map(|row| Ok((row.ord, outcome(row)?))))
}

fn outcome(row: OutcomeRow) -> Result<Changed, Error> {
    match row.outcome.as_str() {
        "done" | "unchanged" => Ok(Changed::Todo(row.todo()?)),
        "mismatch" => Ok(Changed::Mismatch(Revision::new(row.revision.unwrap_or_default()))),
        "recurring" => Ok(Changed::Recurring(row.todo()?)),
        "quota" => Ok(Changed::Quota),
        "parent" => Ok(Changed::Parent),
        "recurrence" => Ok(Changed::Recurrence),
        "again" => Ok(Changed::Again),
        // "invalid" among them: what was parsed passes every CHECK.
        _ => Err(corrupt("outcome", row.id.unwrap_or_default())),
    }
}
