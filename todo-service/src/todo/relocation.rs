//! Moving a todo, and bringing a deleted one back.

use service_kit::postgres::Database;
use uuid::Uuid;

use super::operations::refusal;
use super::{Error, Todo, TodoKey};
use crate::limits::Limits;
use crate::list::ListId;
use crate::revision::Etag;
use crate::store::todos::{self, Moved, Restored};

/// Where a todo is to go.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// Who moves it.
    pub user: Uuid,
    /// Which.
    pub key: TodoKey,
    /// The version that is meant; any, if there is none.
    pub expected: Option<Etag>,
    /// To which list.
    pub list: ListId,
    /// Where in it.
    pub spot: Spot,
}

/// A spot in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Behind all others.
    End,
    /// Right before this todo.
    Before(Uuid),
    /// Right after this todo.
    After(Uuid),
}

/// Moves a todo, its children with it if the list is another, and returns it as it then is.
pub async fn relocate(database: &Database, limits: &Limits, order: Move) -> Result<Todo, Error> {
    let max = limits.todos_per_list;
    match todos::relocate(database, order, max).await? {
        Moved::Todo(todo) => Ok(todo),
        Moved::Mismatch => Err(Error::EtagMismatch),
        Moved::NoDestination => Err(match refusal(database, order.user, order.list).await {
            Error::NotFound => Error::NoDestination,
            other => other,
        }),
        Moved::NoAnchor => Err(Error::NoAnchor),
        Moved::Taken => Err(Error::Taken(order.key.id)),
        Moved::Quota => Err(Error::Quota(max)),
        Moved::NotFound => Err(refusal(database, order.user, order.key.list).await),
    }
}

/// Brings a deleted todo back, and the children that were deleted with it.
pub async fn undelete(
    database: &Database,
    limits: &Limits,
    user: Uuid,
    key: TodoKey,
    expected: Option<Etag>,
) -> Result<Todo, Error> {
    let max = limits.todos_per_list;
    match todos::restore(database, user, key, expected, max).await? {
        Restored::Todo(todo) => Ok(todo),
        Restored::Live => Err(Error::NotDeleted),
        Restored::Mismatch => Err(Error::EtagMismatch),
        Restored::Quota => Err(Error::Quota(max)),
        Restored::NotFound => Err(refusal(database, user, key.list).await),
    }
}
