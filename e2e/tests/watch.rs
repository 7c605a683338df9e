//! Watches, over the wire and between real processes.

use std::time::{Duration, Instant};

use e2e::refusal::told;
use e2e::{Client, Fleet};
use proto::todo::v1::change::Change;
use proto::todo::v1::watch_todos_response::Content;
use proto::todo::v1::{WatchTodosRequest, WatchTodosResponse};
use rustix::process::Signal;
use tonic::{Code, Request, Status, Streaming};

/// As long as no test waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// A watch of the inbox, and the sync token of its last message.
struct Watch {
    messages: Streaming<WatchTodosResponse>,
    token: String,
}

impl Watch {
    async fn begin(client: &mut Client, token: &str) -> Self {
        let request = WatchTodosRequest { parent: "lists/inbox".to_owned(), sync_token: token.to_owned() };
        let mut request = Request::new(request);
        // For the answer, and not for what follows it.
        request.set_timeout(Duration::from_secs(1));
        Self { messages: client.todos.watch_todos(request).await.unwrap().into_inner(), token: token.to_owned() }
    }

    async fn next(&mut self) -> Result<Content, Status> {
        let message = tokio::time::timeout(PATIENCE, self.messages.message()).await.expect("a message in time")?;
        let WatchTodosResponse { sync_token, content } = message.expect("a status ends a stream");
        self.token = sync_token;
        Ok(content.expect("a content"))
    }

    /// The titles of the todos that are told up to the next bookmark, or until there are so many.
    async fn titles(&mut self, most: usize) -> Vec<String> {
        let mut titles = Vec::new();
        while titles.len() < most {
            match self.next().await.unwrap() {
                Content::Changes(changes) => titles.extend(changes.changes.into_iter().filter_map(title)),
                Content::Bookmark(_) => break,
                Content::Reset(_) | Content::Left(_) => {}
            }
        }
        titles
    }
}

fn title(change: proto::todo::v1::Change) -> Option<String> {
    match change.change? {
        Change::Todo(todo) => Some(todo.title),
        Change::Removed(_) | Change::List(_) => None,
    }
}

/// Two replicas, and a user at each.
async fn pair() -> (Fleet, [Client; 2]) {
    let fleet = Fleet::start(2).await.unwrap();
    let alice = fleet.client(0, 0).sign_up("alice").await;
    fleet.heard().await;
    let at = |replica| fleet.client(0, replica).with_token(&alice.granted.access_token);
    let clients = [at(0), at(1)];
    (fleet, clients)
}

#[tokio::test]
async fn what_is_written_at_one_replica_is_told_at_the_other_at_once() {
    let (_fleet, [mut here, mut there]) = pair().await;
    let mut watch = Watch::begin(&mut there, "").await;
    watch.titles(usize::MAX).await;
    let mut times = Vec::new();
    for number in 0..20 {
        let since = Instant::now();
        here.create_todo(&number.to_string()).await.unwrap();
        assert_eq!(watch.titles(1).await, [number.to_string()]);
        times.push(since.elapsed());
    }
    times.sort_unstable();
    assert!(times[10] < Duration::from_millis(200), "{times:?}");
}

#[tokio::test]
async fn a_watch_goes_on_when_the_deadline_of_its_call_has_passed() {
    let (_fleet, [mut alice, _]) = pair().await;
    let mut watch = Watch::begin(&mut alice, "").await;
    watch.titles(usize::MAX).await;
    // Nothing is said for longer than the deadline.
    assert!(tokio::time::timeout(Duration::from_secs(2), watch.next()).await.is_err());
    alice.create_todo("late").await.unwrap();
    assert_eq!(watch.titles(1).await, ["late"]);
}

#[tokio::test]
async fn who_watches_a_replica_that_stops_is_told_so_and_goes_on_at_the_other() {
    let (fleet, [mut here, mut there]) = pair().await;
    let mut watch = Watch::begin(&mut here, "").await;
    watch.titles(usize::MAX).await;
    fleet.todo[0].signal(Signal::TERM).unwrap();
    assert!(matches!(watch.next().await.unwrap(), Content::Bookmark(_)));
    let status = watch.next().await.unwrap_err();
    assert_eq!(told(&status), (Code::Unavailable, "STOPPING".to_owned()));
    there.create_todo("meanwhile").await.unwrap();
    assert_eq!(Watch::begin(&mut there, &watch.token).await.titles(usize::MAX).await, ["meanwhile"]);
}

#[tokio::test]
async fn who_watches_a_replica_that_is_killed_misses_nothing_at_the_other() {
    let (mut fleet, [mut here, mut there]) = pair().await;
    let mut watch = Watch::begin(&mut here, "").await;
    watch.titles(usize::MAX).await;
    here.create_todo("before").await.unwrap();
    assert_eq!(watch.titles(1).await, ["before"]);
    here.create_todo("not heard of").await.unwrap();
    fleet.kill_todo(0).await.unwrap();
    while watch.next().await.is_ok() {}
    there.create_todo("after").await.unwrap();
    let told = Watch::begin(&mut there, &watch.token).await.titles(usize::MAX).await;
    assert_eq!(told.last().map(String::as_str), Some("after"));
    assert!(!told.contains(&"before".to_owned()));
}
