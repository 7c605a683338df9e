//! Todos: what they are, and what can be done with them.

mod batch;
mod due;
mod labels;
pub mod listing;
mod operations;
pub mod query;
mod recurrence;
mod relocation;
mod text;

use time::OffsetDateTime;
use uuid::Uuid;

pub use self::batch::{Failure, Intent, MAX_BATCH, change_all, create_all, get_all};
pub use self::due::{Day, Due, LocalTime, Zone, ZonedTime};
pub use self::labels::{Labels, MAX_LABELS, Priority, label};
pub(crate) use self::operations::refusal;
pub use self::operations::{Error, change, create, get, update_or_create};
pub use self::recurrence::Recurrence;
pub use self::relocation::{Move, Spot, relocate, undelete};
pub use self::text::{Notes, Title};
use crate::fingerprint::Fingerprint;
use crate::list::ListId;
use crate::revision::{Etag, Revision};

/// Which todo: the list is part of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TodoKey {
    /// The list that it is in.
    pub list: ListId,
    /// Its id, unique in the list.
    pub id: Uuid,
}

/// Whether it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Still to do.
    Open,
    /// Done.
    Completed,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Todo {
    /// Which.
    pub key: TodoKey,
    /// What is to be done.
    pub title: String,
    /// Anything more to say.
    pub notes: String,
    /// Whether it is done.
    pub state: State,
    /// How important it is, 1 to 9; 0 is not said.
    pub priority: i16,
    /// What it is found by.
    pub labels: Vec<String>,
    /// When it is to be done.
    pub due: Option<Due>,
    /// How it comes again: a [`Recurrence`] in its normal form.
    pub recurrence: Option<String>,
    /// The todo of the same list that it is a part of.
    pub parent: Option<Uuid>,
    /// Where it stands among the others of its list.
    pub position: String,
    /// The todo that was made when this one, which recurred, was completed.
    pub next: Option<Uuid>,
    /// Who made it.
    pub creator: Uuid,
    /// Its version: the revision of its list that its last change made.
    pub revision: Revision,
    /// When it was made.
    pub create_time: OffsetDateTime,
    /// When it last changed.
    pub update_time: OffsetDateTime,
    /// When it was completed, if it is.
    pub complete_time: Option<OffsetDateTime>,
    /// When it was deleted, if it is.
    pub delete_time: Option<OffsetDateTime>,
    /// When it will be gone for good, if it is deleted.
    pub purge_time: Option<OffsetDateTime>,
}

/// A todo to make.
#[derive(Clone, Debug)]
pub struct NewTodo {
    /// Who makes it.
    pub creator: Uuid,
    /// Its key; the id is the client's choice or ours.
    pub key: TodoKey,
    /// The id of the intent, kept across its repeats.
    pub request: Option<Uuid>,
    /// What the request said.
    pub fingerprint: Fingerprint,
    /// What the client says about it.
    pub content: Content,
    /// When it was completed, if it comes from elsewhere and is.
    pub complete_time: Option<OffsetDateTime>,
    /// Properties of an imported VTODO that nothing else here can say: at most 16 KiB.
    pub icalendar: Option<String>,
}

/// What the client says about a todo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// What is to be done.
    pub title: Title,
    /// Anything more to say.
    pub notes: Notes,
    /// How important it is.
    pub priority: Priority,
    /// What it is found by.
    pub labels: Labels,
    /// When it is to be done.
    pub due: Option<Due>,
    /// How it comes again: only with a due, and without a parent.
    pub recurrence: Option<Recurrence>,
    /// The todo of the same list that it is a part of.
    pub parent: Option<TodoKey>,
}

impl Content {
    /// A title, and nothing more said.
    #[must_use]
    pub fn titled(title: Title) -> Self {
        Self {
            title,
            notes: Notes::default(),
            priority: Priority::default(),
            labels: Labels::default(),
            due: None,
            recurrence: None,
            parent: None,
        }
    }
}

/// A change to make to a todo that is not deleted.
#[derive(Clone, Debug)]
pub struct Change {
    /// Who makes it.
    pub user: Uuid,
    /// Which todo.
    pub key: TodoKey,
    /// The version that it is meant for; any, if there is none.
    pub expected: Option<Etag>,
    /// What to do.
    pub action: Action,
}

/// What to do with a todo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write some of its fields.
    Edit(Edit),
    /// Mark it as done.
    Complete(Completion),
    /// Mark it as still to do.
    Reopen,
    /// Delete it; it can be read until it is purged.
    Delete,
}

/// What there is to do after a todo that recurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The id of the todo that then is made.
    pub next_id: Uuid,
    /// What it is like; `None` as long as nobody has asked.
    pub next: Option<Next>,
}

/// What comes next, computed from one version of a todo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// That version: of another it says nothing.
    pub from: Revision,
    /// The due and the recurrence of the next; `None` where there is no next.
    pub occurrence: Option<(Due, Recurrence)>,
}

impl Completion {
    /// Of a todo of which nobody knows yet whether it recurs.
    #[must_use]
    pub fn new(next_id: Uuid) -> Self {
        Self { next_id, next: None }
    }
}

/// What the fields of a todo are to be; `None` leaves one as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// What is to be done.
    pub title: Option<Title>,
    /// Anything more to say.
    pub notes: Option<Notes>,
    /// How important it is.
    pub priority: Option<Priority>,
    /// What it is found by.
    pub labels: Option<Labels>,
    /// When it is to be done.
    pub due: Option<Option<Due>>,
    /// How it comes again.
    pub recurrence: Option<Option<Recurrence>>,
    /// The todo of the same list that it is a part of.
    pub parent: Option<Option<TodoKey>>,
}

/// Which todos to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// Those of one list.
    One(ListId),
    /// Those of every list that the user can read.
    All,
}
