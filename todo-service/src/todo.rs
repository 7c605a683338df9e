//! Todos: what they are, and what can be done with them.

mod operations;
mod text;

use time::OffsetDateTime;
use uuid::Uuid;

pub use self::operations::{Error, change, create, get, page};
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
    /// What is to be done.
    pub title: Title,
    /// Anything more to say.
    pub notes: Notes,
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
    /// Give it another text, where there is one.
    Edit {
        /// The new title.
        title: Option<Title>,
        /// The new notes.
        notes: Option<Notes>,
    },
    /// Mark it as done.
    Complete,
    /// Mark it as still to do.
    Reopen,
    /// Delete it; it can be read until it is purged.
    Delete,
}

/// Which todos to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// Those of one list.
    One(ListId),
    /// Those of every list that the user can read.
    All,
}
