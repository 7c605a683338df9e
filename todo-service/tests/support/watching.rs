//! A watch as its client has it.

use std::time::Duration;

use proto::todo::v1 as wire;
use proto::todo::v1::watch_todos_response::Content;
use tokio::time::timeout;
use tonic::{Status, Streaming};

use super::world::User;

/// What a test may wait for one message.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open watch.
pub(crate) struct Watching {
    stream: Streaming<wire::WatchTodosResponse>,
    /// The sync token of the last message.
    pub(crate) token: String,
}

impl User {
    pub(crate) async fn watch(&mut self, parent: &str, token: &str) -> Result<Watching, Status> {
        let request = wire::WatchTodosRequest { parent: parent.into(), sync_token: token.into() };
        let stream = self.todos.watch_todos(request).await?.into_inner();
        Ok(Watching { stream, token: token.to_owned() })
    }

    /// A watch that has told all that was there.
    pub(crate) async fn watch_from_now(&mut self, parent: &str) -> Watching {
        let mut watching = self.watch(parent, "").await.unwrap();
        watching.catch_up().await;
        watching
    }
}

impl Watching {
    /// The next message, or why there is none.
    pub(crate) async fn message(&mut self) -> Result<Content, Status> {
        let message = timeout(PATIENCE, self.stream.message()).await.expect("a message in time")?;
        let wire::WatchTodosResponse { sync_token, content } = message.expect("a stream ends with a status");
        self.token = sync_token;
        Ok(content.expect("a message says something"))
    }

    /// The next message in words.
    pub(crate) async fn next(&mut self) -> String {
        words(&self.message().await.unwrap())
    }

    /// All messages up to the next bookmark, in words.
    pub(crate) async fn catch_up(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            match self.next().await {
                bookmark if bookmark == "bookmark" => return told,
                said => told.push(said),
            }
        }
    }

    /// Why it ends, whatever is told before.
    pub(crate) async fn end(mut self) -> Status {
        loop {
            if let Err(status) = self.message().await {
                return status;
            }
        }
    }
}

/// What a message says: of todos the titles, of lists the names.
pub(crate) fn words(content: &Content) -> String {
    match content {
        Content::Reset(wire::Reset { list }) if list == "lists/-" => "reset of all".to_owned(),
        Content::Reset(_) => "reset".to_owned(),
        Content::Left(_) => "left".to_owned(),
        Content::Bookmark(_) => "bookmark".to_owned(),
        Content::Changes(changes) => {
            changes.changes.iter().map(|change| word(change.change.as_ref().unwrap())).collect::<Vec<_>>().join(", ")
        }
    }
}

fn word(change: &wire::change::Change) -> String {
    match change {
        wire::change::Change::Todo(todo) if todo.delete_time.is_some() => format!("-{}", todo.title),
        wire::change::Change::Todo(todo) => todo.title.clone(),
        wire::change::Change::Removed(_) => "removed".to_owned(),
        wire::change::Change::List(list) => format!("[{}]", list.display_name),
    }
}
