//! Watches, as messages.

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use proto::todo::v1 as wire;
use proto::todo::v1::watch_todos_response::Content;
use service_kit::caller::{self, Caller};
use service_kit::field::{self, Fields};
use service_kit::sealed::MAX_TOKEN;
use tonic::{Request, Status};
use uuid::Uuid;

use super::names::TodosParent;
use super::{Parts, errors, guard, messages, names};
use crate::todo::Parent;
use crate::watch::{Change, Told, Watcher};

/// What a watch tells.
pub(super) type Messages = BoxStream<'static, Result<wire::WatchTodosResponse, Status>>;

/// A watch as its client has it.
struct Watch {
    parts: Parts,
    watcher: Watcher,
    user: Uuid,
    parent: Parent,
    /// The parent as the request names it.
    name: String,
    /// Ends when the caller may be told no more.
    guard: BoxFuture<'static, Status>,
}

/// Where a watch is.
enum State {
    /// It goes on.
    Open(Box<Watch>),
    /// All that is left to say is why it ends.
    Ending(Status),
    Over,
}

/// Begins what a request asks for.
pub(super) async fn begin(parts: &Parts, request: Request<wire::WatchTodosRequest>) -> Result<Messages, Status> {
    let caller = Caller::of(&request)?;
    let token = caller::bearer(request.metadata().as_ref())?.to_owned();
    let wire::WatchTodosRequest { parent: name, sync_token } = request.into_inner();
    let mut fields = Fields::default();
    let parent = fields.parse::<TodosParent>("parent", &name);
    let checked = fields.take("sync_token", field::length(&sync_token, 0, MAX_TOKEN));
    let (parent, ()) = fields.all((parent, checked))?;
    let (user, parent) = (caller.user(), parent.of(caller.user()));
    let places = parts.sync_tokens.open(user, parent, &sync_token)?;
    let watcher = parts.watches.follow(parts.database.clone(), user, parent, places).await;
    let watcher = watcher.map_err(|error| errors::watch(&error, &name))?;
    let guard = Box::pin(guard::ended(parts.clone(), caller, token, true));
    let watch = Watch { parts: parts.clone(), watcher, user, parent, name, guard };
    Ok(stream::unfold(State::Open(Box::new(watch)), State::step).boxed())
}

impl State {
    /// The next message, or why there are no more.
    async fn step(self) -> Option<(Result<wire::WatchTodosResponse, Status>, Self)> {
        let mut watch = match self {
            Self::Open(watch) => watch,
            Self::Ending(status) => return Some((Err(status), Self::Over)),
            Self::Over => return None,
        };
        let stop = watch.parts.stop.clone();
        tokio::select! {
            biased;
            status = &mut watch.guard => Some((Err(status), Self::Over)),
            () = stop.cancelled() => {
                // Up to here nothing is missing: from here the client goes on.
                Some((Ok(watch.message(Told::Bookmark)), Self::Ending(errors::stopping())))
            }
            told = watch.watcher.next() => Some(match told {
                Ok(told) => (Ok(watch.message(told)), Self::Open(watch)),
                Err(error) => (Err(errors::watch(&error, &watch.name)), Self::Over),
            }),
        }
    }
}

impl Watch {
    fn message(&self, told: Told) -> wire::WatchTodosResponse {
        let content = match told {
            Told::Reset(list) => {
                Content::Reset(wire::Reset { list: list.map_or_else(|| names::ALL_LISTS.to_owned(), names::list) })
            }
            Told::Changes(changes) => {
                Content::Changes(wire::Changes { changes: changes.into_iter().map(change).collect() })
            }
            Told::Left(list) => Content::Left(wire::ListLeft { list: names::list(list) }),
            Told::Bookmark => Content::Bookmark(wire::Bookmark {}),
        };
        let sync_token = self.parts.sync_tokens.seal_at(self.user, self.parent, self.watcher.places());
        wire::WatchTodosResponse { sync_token, content: Some(content) }
    }
}

fn change(change: Change) -> wire::Change {
    use wire::change::Change as Wire;
    wire::Change {
        change: Some(match change {
            Change::Todo(todo) => Wire::Todo(messages::todo(todo)),
            Change::Removed(key) => Wire::Removed(names::todo(key)),
            Change::List(list) => Wire::List(messages::list(list)),
        }),
    }
}
