//! Many todos in one call, which is one whole.

use service_kit::postgres::{self, Database};
use uuid::Uuid;

use super::operations::{not_changed, not_created};
use super::{Change, Error, NewTodo, Todo, TodoKey};
use crate::fingerprint::Fingerprint;
use crate::limits::Limits;
use crate::list::{self, ListId};
use crate::store::batches::{self, Batch, Refused, Written};
use crate::store::todos::{self, Created};

/// Elements that a batch may have.
pub const MAX_BATCH: usize = 100;

/// A batch that is meant once, however often it is sent.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Who means it.
    pub user: Uuid,
    /// Its id, kept across its repeats.
    pub request: Uuid,
    /// What the request said.
    pub fingerprint: Fingerprint,
}

/// Why a batch was refused, and nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Because of this element.
    #[error("element {0}: {1}")]
    Element(usize, Error),
    /// Its request id was used for another batch.
    #[error("the request id {0} is taken")]
    Taken(Uuid),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] postgres::Error),
}

/// Makes todos, all or none. The inbox is made on its first use.
pub async fn create_all(
    database: &Database,
    limits: &Limits,
    user: Uuid,
    intent: Option<Intent>,
    todos: Vec<NewTodo>,
) -> Result<Vec<Todo>, Failure> {
    let max = limits.todos_per_list;
    let in_inbox = |index: usize| todos.get(index).is_some_and(|todo| todo.key.list == ListId::inbox_of(user));
    let mut inbox_to_come = true;
    loop {
        match batches::write(database, Batch::Create(todos.clone()), intent.clone(), max).await {
            Err(Refused::Creation(index, Created::NotFound)) if inbox_to_come && in_inbox(index) => {
                list::ensure_inbox(database, user).await?;
                inbox_to_come = false;
            }
            Err(Refused::Creation(index, answer)) => {
                let todo = todos.get(index).ok_or_else(out_of_step)?;
                return Err(Failure::Element(index, not_created(database, answer, todo, max).await));
            }
            written => return settled(database, user, intent, written).await,
        }
    }
}

/// Changes todos, all or none.
pub async fn change_all(
    database: &Database,
    limits: &Limits,
    user: Uuid,
    intent: Option<Intent>,
    changes: Vec<Change>,
) -> Result<Vec<Todo>, Failure> {
    let max = limits.todos_per_list;
    match batches::write(database, Batch::Change(changes.clone()), intent.clone(), max).await {
        Err(Refused::Change(index, answer)) => {
            let change = changes.get(index).ok_or_else(out_of_step)?;
            Err(Failure::Element(index, not_changed(database, answer, change, max).await))
        }
        written => settled(database, user, intent, written).await,
    }
}

/// The todos, if the user may see all of them, at one moment; deleted ones too.
pub async fn get_all(database: &Database, user: Uuid, keys: &[TodoKey]) -> Result<Vec<Todo>, Failure> {
    let wanted: Vec<_> = keys.iter().map(|key| (user, *key)).collect();
    let found = todos::get(database, &wanted).await?.into_iter().enumerate();
    found.map(|(index, todo)| todo.ok_or(Failure::Element(index, Error::NotFound))).collect()
}

/// What a batch wrote, now or before.
async fn settled(
    database: &Database,
    user: Uuid,
    intent: Option<Intent>,
    written: Result<Written, Refused>,
) -> Result<Vec<Todo>, Failure> {
    match written {
        Ok(Written::Now(todos)) => Ok(todos),
        Ok(Written::Before(keys)) => get_all(database, user, &keys).await,
        Err(Refused::Taken) => Err(Failure::Taken(intent.map(|intent| intent.request).unwrap_or_default())),
        Err(Refused::Store(error)) => Err(error.into()),
        Err(Refused::Creation(..) | Refused::Change(..)) => Err(out_of_step().into()),
    }
}

/// The store answered what was not asked.
fn out_of_step() -> postgres::Error {
    postgres::Error::Corrupt { table: "todo.todos", column: "ord", id: String::new() }
}
