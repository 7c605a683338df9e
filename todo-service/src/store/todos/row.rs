//! A row of `todo.todos`, as the statements return it.

use service_kit::postgres::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::list::ListId;
use crate::revision::Revision;
use crate::todo::{State, Todo, TodoKey};

/// A row with the columns of a todo and those named: `sqlx::query_as!` fills flat structs only.
macro_rules! todo_row {
    ($(#[$doc:meta])* $name:ident { $($column:ident: $type:ty),* }) => {
        $(#[$doc])*
        pub(super) struct $name {
            $(pub(super) $column: $type,)*
            pub(super) list_id: Uuid,
            pub(super) id: Uuid,
            pub(super) title: String,
            pub(super) notes: String,
            pub(super) state: String,
            pub(super) creator_id: Uuid,
            pub(super) revision: i64,
            pub(super) create_time: OffsetDateTime,
            pub(super) update_time: OffsetDateTime,
            pub(super) complete_time: Option<OffsetDateTime>,
            pub(super) delete_time: Option<OffsetDateTime>,
            pub(super) purge_time: Option<OffsetDateTime>,
        }

        impl $name {
            pub(super) fn todo(self) -> Result<Todo, Error> {
                Ok(Todo {
                    key: TodoKey { list: ListId::new(self.list_id), id: self.id },
                    state: state(&self.state).ok_or_else(|| corrupt("state", self.id))?,
                    title: self.title,
                    notes: self.notes,
                    creator: self.creator_id,
                    revision: Revision::new(self.revision),
                    create_time: self.create_time,
                    update_time: self.update_time,
                    complete_time: self.complete_time,
                    delete_time: self.delete_time,
                    purge_time: self.purge_time,
                })
            }
        }
    };
}

todo_row!(
    /// A todo of a page.
    PageRow {}
);
todo_row!(
    /// A todo that an element of a batch asked for.
    FoundRow { ord: i64 }
);
todo_row!(
    /// What became of an element of a batch that writes.
    OutcomeRow { ord: i64, outcome: String }
);

todo_row!(
    /// A todo that has changed, or the mark that one has left.
    ChangeRow { moved_to: Option<Uuid> }
);

fn state(stored: &str) -> Option<State> {
    match stored {
        "open" => Some(State::Open),
        "completed" => Some(State::Completed),
        _ => None,
    }
}

/// A value that the code does not know.
pub(super) fn corrupt(column: &'static str, id: Uuid) -> Error {
    Error::Corrupt { table: "todo.todos", column, id: id.to_string() }
}
