//! Batches that are one whole: all of it is written, or nothing.

use service_kit::postgres::{Database, Error};
use sqlx::PgConnection;
use uuid::Uuid;

use super::todos::{Changed, Created, change_in, create_in};
use crate::list::ListId;
use crate::todo::{Change, Intent, NewTodo, Todo, TodoKey};

/// What a batch writes.
#[derive(Clone, Debug)]
pub enum Batch {
    /// Makes todos.
    Create(Vec<NewTodo>),
    /// Changes todos.
    Change(Vec<Change>),
}

/// What became of a batch.
#[derive(Debug)]
pub enum Written {
    /// The todos, in the order of its elements.
    Now(Vec<Todo>),
    /// An earlier request with the same intent wrote these.
    Before(Vec<TodoKey>),
}

/// Why a batch wrote nothing.
#[derive(Debug)]
pub enum Refused {
    /// This element cannot be made.
    Creation(usize, Created),
    /// This element cannot be changed.
    Change(usize, Changed),
    /// The request id was used for another batch.
    Taken,
    /// The database failed.
    Store(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

/// What became of one element in one pass.
enum Answer {
    Todo(Todo),
    /// Another element comes first.
    Later,
    Refused(Refused),
}

impl Batch {
    fn len(&self) -> usize {
        match self {
            Self::Create(todos) => todos.len(),
            Self::Change(changes) => changes.len(),
        }
    }

    /// The answers to those elements that are left, in their order.
    async fn pass(&self, c: &mut PgConnection, left: &[usize], max: u32) -> Result<Vec<Answer>, Error> {
        match self {
            Self::Create(todos) => {
                let todos: Vec<_> = left.iter().filter_map(|index| todos.get(*index).cloned()).collect();
                let answers = left.iter().zip(create_in(c, &todos, max).await?);
                Ok(answers.map(|(index, answer)| created(*index, answer)).collect())
            }
            Self::Change(changes) => {
                let changes: Vec<_> = left.iter().filter_map(|index| changes.get(*index).cloned()).collect();
                let answers = left.iter().zip(change_in(c, &changes, max).await?);
                Ok(answers.map(|(index, answer)| changed(*index, answer)).collect())
            }
        }
    }

    /// Everything, in as many passes as elements wait for others of them.
    async fn write(&self, c: &mut PgConnection, max: u32) -> Result<Vec<Todo>, Refused> {
        let mut left: Vec<usize> = (0..self.len()).collect();
        let mut written: Vec<(usize, Todo)> = Vec::new();
        while !left.is_empty() {
            let mut later = Vec::new();
            for (index, answer) in left.iter().copied().zip(self.pass(c, &left, max).await?) {
                match answer {
                    Answer::Todo(todo) => written.push((index, todo)),
                    Answer::Later => later.push(index),
                    Answer::Refused(refused) => return Err(refused),
                }
            }
            if later.len() == left.len() {
                let (table, column, id) = ("todo.todos", "outcome", String::new());
                return Err(Error::Corrupt { table, column, id }.into());
            }
            left = later;
        }
        written.sort_unstable_by_key(|(index, _)| *index);
        Ok(written.into_iter().map(|(_, todo)| todo).collect())
    }
}

fn created(index: usize, answer: Created) -> Answer {
    match answer {
        Created::Todo(todo) | Created::Repeated(todo) => Answer::Todo(todo),
        Created::Again => Answer::Later,
        refused => Answer::Refused(Refused::Creation(index, refused)),
    }
}

fn changed(index: usize, answer: Changed) -> Answer {
    match answer {
        Changed::Todo(todo) => Answer::Todo(todo),
        Changed::Again => Answer::Later,
        refused => Answer::Refused(Refused::Change(index, refused)),
    }
}

/// Writes all of a batch in lists that may hold `max` each, or nothing. With an intent it is written once: whoever sends it
/// meanwhile waits, and is told of the first.
pub async fn write(database: &Database, batch: Batch, intent: Option<Intent>, max: u32) -> Result<Written, Refused> {
    let written = database.transaction(move |c| {
        Box::pin(async move {
            if let Some(intent) = &intent
                && !begin(c, intent).await?
            {
                return earlier(c, intent).await;
            }
            let todos = batch.write(c, max).await?;
            if let Some(intent) = &intent {
                conclude(c, intent, &todos).await?;
            }
            Ok(Written::Now(todos))
        })
    });
    written.await
}

/// Keeps the intent, unless it is kept already. Before any list is locked: two that have the same wait here.
async fn begin(c: &mut PgConnection, intent: &Intent) -> Result<bool, Error> {
    let insert = sqlx::query!(
        "INSERT INTO todo.batches (user_id, request_id, request_hash, list_ids, ids, create_time)
        VALUES ($1, $2, $3, '{}', '{}', clock_timestamp()) ON CONFLICT ON CONSTRAINT batches_pkey DO NOTHING",
        intent.user,
        intent.request,
        intent.fingerprint.as_bytes(),
    );
    Ok(insert.execute(c).await?.rows_affected() > 0)
}

async fn earlier(c: &mut PgConnection, intent: &Intent) -> Result<Written, Refused> {
    let query = sqlx::query!(
        "SELECT request_hash, list_ids, ids FROM todo.batches WHERE user_id = $1 AND request_id = $2",
        intent.user,
        intent.request,
    );
    let kept = query.fetch_one(c).await.map_err(Error::from)?;
    if kept.request_hash != intent.fingerprint.as_bytes() {
        return Err(Refused::Taken);
    }
    let keys = kept.list_ids.into_iter().zip(kept.ids);
    Ok(Written::Before(keys.map(|(list, id)| TodoKey { list: ListId::new(list), id }).collect()))
}

async fn conclude(c: &mut PgConnection, intent: &Intent, todos: &[Todo]) -> Result<(), Error> {
    let lists: Vec<Uuid> = todos.iter().map(|todo| todo.key.list.uuid()).collect();
    let ids: Vec<Uuid> = todos.iter().map(|todo| todo.key.id).collect();
    let update = sqlx::query!(
        "UPDATE todo.batches SET list_ids = $3, ids = $4 WHERE user_id = $1 AND request_id = $2",
        intent.user,
        intent.request,
        &lists,
        &ids,
    );
    update.execute(c).await?;
    Ok(())
}
