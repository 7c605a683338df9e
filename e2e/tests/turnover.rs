//! Keys and certificates are exchanged again and again while calls are made, and nobody notices. `TURNOVER_SECONDS` makes
//! each run longer than ten seconds.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use e2e::identities::{Identities, good};
use e2e::process::command;
use e2e::refusal::told;
use e2e::system::channel;
use e2e::{Client, Fleet};
use parking_lot::Mutex;
use proto::auth::v1::{GetUserRequest, RefreshTokensRequest};
use proto::todo::v1::ListTodosRequest;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tonic::{Code, Status};

/// How often something is exchanged.
const EVERY: Duration = Duration::from_secs(2);
const CALLERS: usize = 4;

fn how_long() -> Duration {
    let seconds = std::env::var("TURNOVER_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(10))
}

/// The callers of a run: what they have seen, and whether they go on.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    calls: AtomicUsize,
    keys: Mutex<HashSet<String>>,
}

impl Load {
    fn goes_on(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed);
        !self.stop.load(Ordering::Relaxed)
    }

    async fn end(&self, mut callers: JoinSet<()>) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = callers.join_next().await {
            ended.unwrap();
        }
        self.calls.load(Ordering::Relaxed)
    }
}

async fn read(client: &mut Client) -> Result<(), Status> {
    client.users.get_user(GetUserRequest { name: "users/me".to_owned() }).await?;
    let request = ListTodosRequest { parent: "lists/inbox".to_owned(), ..Default::default() };
    client.todos.list_todos(request).await.map(drop)
}

/// The name of the key that signed a token.
fn key(token: &str) -> String {
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<serde_json::Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

/// Refreshes and reads, at every replica of each service in turn.
async fn refresh_and_read(fleet: Arc<Fleet>, number: usize, load: Arc<Load>) {
    let granted = fleet.client(number % 2, 0).sign_up(&format!("caller-{number}")).await.granted;
    let (mut access_token, mut refresh_token) = (granted.access_token, granted.refresh_token);
    while load.goes_on() {
        for (auth, todo) in [(0, 1), (1, 0)] {
            let mut client = fleet.client(auth, todo);
            let request = RefreshTokensRequest { refresh_token: refresh_token.clone() };
            let fresh = client.auth.refresh_tokens(request).await.unwrap().into_inner();
            for token in [&access_token, &fresh.access_token] {
                read(&mut client.with_token(token)).await.unwrap();
                load.keys.lock().insert(key(token));
            }
            (access_token, refresh_token) = (fresh.access_token, fresh.refresh_token);
        }
    }
}

async fn keys(fleet: &Fleet, arguments: &[&str]) {
    let done =
        command("auth-service", &fleet.auth_settings()).unwrap().arg("keys").args(arguments).output().await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_change_every_two_seconds_refuse_no_valid_token() {
    let fleet = Fleet::configured(2, |settings| settings.with("SIGNING_KEY_LEAD_SECONDS", "1")).await.unwrap();
    fleet.heard().await;
    let (fleet, load, mut callers) = (Arc::new(fleet), Arc::new(Load::default()), JoinSet::new());
    for number in 0..CALLERS {
        callers.spawn(refresh_and_read(Arc::clone(&fleet), number, Arc::clone(&load)));
    }
    let (began, mut tick) = (Instant::now(), interval(EVERY));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while began.elapsed() < how_long() && callers.len() == CALLERS {
        tick.tick().await;
        keys(&fleet, &["rotate"]).await;
    }
    let calls = load.end(callers).await;
    let seen = load.keys.lock().len();
    println!("{calls} rounds under {seen} keys");
    assert!(seen >= 3, "the keys did not change: {seen}");
}

#[tokio::test]
async fn a_compromised_key_is_dead_everywhere_within_a_second() {
    let fleet = Fleet::start(2).await.unwrap();
    fleet.heard().await;
    let alice = fleet.client(0, 0).sign_up("alice").await;
    let token = alice.granted.access_token.clone();
    let callers = [(0, 0), (1, 1)].map(|(auth, todo)| fleet.client(auth, todo).with_token(&token));
    for mut caller in callers.clone() {
        read(&mut caller).await.unwrap();
    }
    keys(&fleet, &["revoke", &key(&token)]).await;
    let since = Instant::now();
    for mut caller in callers {
        let refused = loop {
            let request = ListTodosRequest { parent: "lists/inbox".to_owned(), ..Default::default() };
            match caller.todos.list_todos(request).await {
                Ok(_) => assert!(since.elapsed() < Duration::from_secs(1), "still good after a second"),
                Err(status) => break status,
            }
        };
        assert_eq!(told(&refused), (Code::Unauthenticated, "TOKEN_INVALID".to_owned()));
    }
    let request = RefreshTokensRequest { refresh_token: alice.granted.refresh_token };
    let fresh = fleet.client(1, 0).auth.refresh_tokens(request).await.unwrap().into_inner();
    let mut again = fleet.client(0, 1).with_token(&fresh.access_token);
    e2e::eventually("the session goes on under another key", async || read(&mut again).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_that_change_every_two_seconds_fail_no_call() {
    let identities = Identities::new();
    let system = identities.system().await;
    let connect = || {
        let to = |address| channel(identities.directory(), address, "client");
        Client::new(to(system.auth.address), to(system.todo.address), None)
    };
    let (load, mut callers) = (Arc::new(Load::default()), JoinSet::new());
    for number in 0..CALLERS {
        let (load, mut client) = (Arc::clone(&load), connect().sign_up(&format!("caller-{number}")).await.client);
        callers.spawn(async move {
            while load.goes_on() {
                read(&mut client).await.unwrap();
            }
        });
    }
    let (began, mut tick) = (Instant::now(), interval(EVERY));
    let newcomer = connect().sign_up("newcomer").await.granted;
    while began.elapsed() < how_long() && callers.len() == CALLERS {
        tick.tick().await;
        for name in ["auth-service", "todo-service"] {
            identities.install(name, &identities.issue(&good(name)));
        }
        read(&mut connect().with_token(&newcomer.access_token)).await.unwrap();
    }
    assert!(load.end(callers).await > 100);
}
