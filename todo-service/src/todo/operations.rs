//! One call each. The store takes many at once, so a single call is a batch of one.

use service_kit::postgres::{self, Database};
use uuid::Uuid;

use super::{Action, Change, NewTodo, Next, Recurrence, Todo, TodoKey};
use crate::limits::Limits;
use crate::list::{self, ListId};
use crate::member::{self, Role};
use crate::store::todos::{self, Changed, Created};

/// Why there is no todo to return.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or the user may not see it, or not change it.
    #[error("no such todo or list, or not the user's")]
    NotFound,
    /// The user may read the list, but only this role and those above may write to it.
    #[error("it takes the role {0:?}")]
    RoleInsufficient(Role),
    /// The id or the request id was used with another body.
    #[error("the id {0} is taken")]
    Taken(Uuid),
    /// The list is full.
    #[error("the list has {0} todos")]
    Quota(u32),
    /// That is no todo that this one can be a part of.
    #[error("{0:?} cannot be the parent")]
    Parent(TodoKey),
    /// The todo would recur without a due, or as a part of another.
    #[error("the todo cannot recur")]
    Recurrence,
    /// There is no such list to move a todo to, or the user may not see it.
    #[error("no such list to go to, or not the user's")]
    NoDestination,
    /// The todo that another is to stand next to is not in that list.
    #[error("no such todo to stand next to")]
    NoAnchor,
    /// The todo is not deleted.
    #[error("the todo is not deleted")]
    NotDeleted,
    /// The todo is not in the expected version any more.
    #[error("the todo has changed")]
    EtagMismatch,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] postgres::Error),
}

/// Makes a todo; a repeat of the same request returns the todo as it is now. The inbox is made on its first use.
pub async fn create(database: &Database, limits: &Limits, todo: NewTodo) -> Result<Todo, Error> {
    let max = limits.todos_per_list;
    let mut inbox_to_come = todo.key.list == ListId::inbox_of(todo.creator);
    loop {
        match only(todos::create(database, std::slice::from_ref(&todo), max).await?) {
            Created::Todo(todo) | Created::Repeated(todo) => return Ok(todo),
            Created::Moved(key) => return get(database, todo.creator, key).await,
            // The batch after this one finds what the twin did.
            Created::Again => {}
            Created::NotFound if inbox_to_come => {
                list::ensure_inbox(database, todo.creator).await?;
                inbox_to_come = false;
            }
            refused => return Err(not_created(database, refused, &todo, max).await),
        }
    }
}

/// The todo, if the user may see it; a deleted one too.
pub async fn get(database: &Database, user: Uuid, key: TodoKey) -> Result<Todo, Error> {
    only(todos::get(database, &[(user, key)]).await?).ok_or(Error::NotFound)
}

/// Changes a todo and returns it as it then is. To complete one that recurs takes two rounds, so that what comes next is
/// computed outside of the database, and once: who computed it from a version that is not there any more does so again.
pub async fn change(database: &Database, limits: &Limits, mut change: Change) -> Result<Todo, Error> {
    let max = limits.todos_per_list;
    loop {
        match only(todos::change(database, std::slice::from_ref(&change), max).await?) {
            Changed::Todo(todo) => return Ok(todo),
            Changed::Again => {}
            Changed::Recurring(todo) => {
                if let Action::Complete(completion) = &mut change.action {
                    completion.next = Some(next(todo).await?);
                }
            }
            refused => return Err(not_changed(database, refused, &change, max).await),
        }
    }
}

/// Why a todo was not made. What is no refusal is looked at before.
pub(super) async fn not_created(database: &Database, answer: Created, todo: &NewTodo, max: u32) -> Error {
    match answer {
        // In a batch, one that has been moved meanwhile is in the way as well.
        Created::Taken | Created::Moved(_) => Error::Taken(todo.request.unwrap_or(todo.key.id)),
        Created::Parent => Error::Parent(todo.content.parent.unwrap_or(todo.key)),
        Created::Quota => Error::Quota(max),
        Created::NotFound | Created::Again | Created::Repeated(_) | Created::Todo(_) => {
            refusal(database, todo.creator, todo.key.list).await
        }
    }
}

/// Why a todo was not changed. What is no refusal is looked at before.
pub(super) async fn not_changed(database: &Database, answer: Changed, change: &Change, max: u32) -> Error {
    match answer {
        Changed::Mismatch(_) => Error::EtagMismatch,
        Changed::Parent => Error::Parent(parent_of(change).unwrap_or(change.key)),
        Changed::Recurrence => Error::Recurrence,
        Changed::Quota => Error::Quota(max),
        Changed::NotFound | Changed::Again | Changed::Recurring(_) | Changed::Todo(_) => {
            refusal(database, change.user, change.key.list).await
        }
    }
}

/// Changes a todo, or makes it where there is none. Of those who make it at once one does, and the others change it.
pub async fn update_or_create(
    database: &Database,
    limits: &Limits,
    edit: Change,
    todo: NewTodo,
) -> Result<Todo, Error> {
    match change(database, limits, edit.clone()).await {
        Err(Error::NotFound) => {}
        changed => return changed,
    }
    match create(database, limits, todo).await {
        // By somebody else, since we looked; unless it was deleted before.
        Err(Error::Taken(id)) => match change(database, limits, edit).await {
            Err(Error::NotFound) => Err(Error::Taken(id)),
            changed => changed,
        },
        made => made,
    }
}

/// What comes after a todo. It may take some milliseconds, which other calls need not wait for.
async fn next(todo: Todo) -> Result<Next, postgres::Error> {
    let id = todo.key.id;
    let corrupt = || postgres::Error::Corrupt { table: "todo.todos", column: "recurrence", id: id.to_string() };
    let recurrence: Recurrence = todo.recurrence.and_then(|rule| rule.parse().ok()).ok_or_else(corrupt)?;
    let due = todo.due.ok_or_else(corrupt)?;
    let computed = tokio::task::spawn_blocking(move || recurrence.after(&due)).await;
    let occurrence = computed.map_err(|panicked| postgres::Error::Panicked(panicked.to_string()))?;
    Ok(Next { from: todo.revision, occurrence })
}

/// The todo that the change makes this one a part of.
fn parent_of(change: &Change) -> Option<TodoKey> {
    match &change.action {
        Action::Edit(edit) => edit.parent.flatten(),
        Action::Complete(_) | Action::Reopen | Action::Delete => None,
    }
}

/// Why a write found nothing to write to: there is nothing, or the user may only read it.
pub(crate) async fn refusal(database: &Database, user: Uuid, list: ListId) -> Error {
    match member::role(database, user, list).await {
        Ok(Some(role)) if role < Role::Editor => Error::RoleInsufficient(Role::Editor),
        Ok(_) => Error::NotFound,
        Err(error) => error.into(),
    }
}

/// The answer to a batch of one. The store answers every element.
fn only<T: Default>(mut answers: Vec<T>) -> T {
    answers.pop().unwrap_or_default()
}
