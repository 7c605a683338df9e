//! A row of `todo.todos`, as the statements return it.

use service_kit::postgres::Error;
use sqlx::types::time::PrimitiveDateTime;
use time::OffsetDateTime;
use uuid::Uuid;

use super::civil;
use crate::list::ListId;
use crate::revision::Revision;
use crate::todo::{Due, State, Todo, TodoKey, Zone};

/// A statement whose result has a column `todo`, a whole row of `todo.todos`: with what it selects besides, and what it
/// selects from. `sqlx::query_as!` takes columns only.
macro_rules! todos {
    ($row:ident, $besides:literal, $from:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $row,
            "SELECT " + $besides + "(todo).list_id, (todo).id, (todo).title, (todo).notes, (todo).state, (todo).priority,
                (todo).labels, (todo).due, (todo).due_zone, (todo).recurrence, (todo).parent_id, (todo).position,
                (todo).next_id, (todo).creator_id, (todo).revision, (todo).create_time, (todo).update_time,
                (todo).complete_time, (todo).delete_time, (todo).purge_time " + $from
            $(, $argument)*
        )
    };
}
pub(super) use todos;

/// A row with the columns of a todo and those named: `sqlx::query_as!` fills flat structs only. Where a function says what
/// became of a todo that is not there, there is none of its columns.
macro_rules! todo_row {
    ($(#[$doc:meta])* $name:ident { $($column:ident: $type:ty),* }) => {
        $(#[$doc])*
        pub(super) struct $name {
            $(pub(super) $column: $type,)*
            pub(super) list_id: Option<Uuid>,
            pub(super) id: Option<Uuid>,
            pub(super) title: Option<String>,
            pub(super) notes: Option<String>,
            pub(super) state: Option<String>,
            pub(super) priority: Option<i16>,
            pub(super) labels: Option<Vec<String>>,
            pub(super) due: Option<PrimitiveDateTime>,
            pub(super) due_zone: Option<String>,
            pub(super) recurrence: Option<String>,
            pub(super) parent_id: Option<Uuid>,
            pub(super) position: Option<String>,
            pub(super) next_id: Option<Uuid>,
            pub(super) creator_id: Option<Uuid>,
            pub(super) revision: Option<i64>,
            pub(super) create_time: Option<OffsetDateTime>,
            pub(super) update_time: Option<OffsetDateTime>,
            pub(super) complete_time: Option<OffsetDateTime>,
            pub(super) delete_time: Option<OffsetDateTime>,
            pub(super) purge_time: Option<OffsetDateTime>,
        }

        impl $name {
            /// The todo, which is there.
            pub(super) fn todo(self) -> Result<Todo, Error> {
                let id = there(self.id, "id", Uuid::nil())?;
                let state = self.state.as_deref().and_then(state);
                Ok(Todo {
                    key: TodoKey { list: ListId::new(there(self.list_id, "list_id", id)?), id },
                    title: there(self.title, "title", id)?,
                    notes: there(self.notes, "notes", id)?,
                    state: there(state, "state", id)?,
                    priority: there(self.priority, "priority", id)?,
                    labels: there(self.labels, "labels", id)?,
                    due: due(self.due, self.due_zone, id)?,
                    recurrence: self.recurrence,
                    parent: self.parent_id,
                    position: there(self.position, "position", id)?,
                    next: self.next_id,
                    creator: there(self.creator_id, "creator_id", id)?,
                    revision: Revision::new(there(self.revision, "revision", id)?),
                    create_time: there(self.create_time, "create_time", id)?,
                    update_time: there(self.update_time, "update_time", id)?,
                    complete_time: self.complete_time,
                    delete_time: self.delete_time,
                    purge_time: self.purge_time,
                })
            }
        }
    };
}

todo_row!(
    /// A todo of a page, with its key in the order of the page.
    PageRow { sort_key: String }
);
todo_row!(
    /// A todo that an element of a batch asked for.
    FoundRow { ord: i64 }
);
todo_row!(
    /// A todo with what no field says of it and of its parent.
    ExportRow { icalendar: Option<String>, parent_icalendar: Option<String> }
);
todo_row!(
    /// What became of an element of a batch that writes.
    OutcomeRow { ord: i64, outcome: String }
);
todo_row!(
    /// What became of a todo that was to be made; a mark, if it was made before and has gone to another list.
    CreatedRow { ord: i64, outcome: String, moved_to: Option<Uuid> }
);
todo_row!(
    /// What became of a todo that was to be moved or brought back.
    RelocatedRow { outcome: String }
);

todo_row!(
    /// A todo that has changed, or the mark that one has left.
    ChangeRow { list: Uuid, head: i64, own: i64, purged: i64, moved_to: Option<Uuid> }
);

/// As a state is stored.
pub(super) fn stored(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Completed => "completed",
    }
}

fn state(stored: &str) -> Option<State> {
    match stored {
        "open" => Some(State::Open),
        "completed" => Some(State::Completed),
        _ => None,
    }
}

fn due(civil: Option<PrimitiveDateTime>, zone: Option<String>, id: Uuid) -> Result<Option<Due>, Error> {
    let due = |at| Ok(Due::at(there(civil::parse(at), "due", id)?, zone.map(Zone::stored)));
    civil.map(due).transpose()
}

fn there<T>(value: Option<T>, column: &'static str, id: Uuid) -> Result<T, Error> {
    value.ok_or_else(|| corrupt(column, id))
}

/// A value that the code does not know.
pub(super) fn corrupt(column: &'static str, id: Uuid) -> Error {
    Error::Corrupt { table: "todo.todos", column, id: id.to_string() }
}
