//! How long a call may take: what its client asks for, within bounds. The calls are slow because an administrator has
//! locked what they want.

use bytes::Bytes;
use certs::Issued;
use e2e::System;
use e2e::client::PASSWORD;
use e2e::identities::{Identities, good};
use e2e::raw::frames::kind;
use e2e::raw::{self, Frame, Frames, Http2, http2};
use e2e::refusal::told;
use futures_util::future::{join, join_all};
use prost_reflect::prost::Message;
use proto::auth::v1::LogInRequest;
use proto::todo::v1::ListListsRequest;
use sqlx::PgConnection;
use tonic::Code;
use tonic_types::StatusExt;

/// A system in which every call that reads users or lists waits.
struct Stuck {
    system: System,
    identities: Identities,
    client: Issued,
    token: String,
    /// Of an administrator, in a transaction.
    _lock: PgConnection,
}

impl Stuck {
    async fn system() -> Self {
        let identities = Identities::new();
        let patient = |settings: e2e::settings::Settings| {
            settings
                .with("DEADLINE_DEFAULT_MS", "3000")
                .with("DEADLINE_MAX_MS", "4000")
                .with("DATABASE_CONNECTIONS", "16")
                .with("DATABASE_LOCK_MS", "20000")
                .with("DATABASE_STATEMENT_MS", "20000")
        };
        let system = identities.system_with(patient).await;
        let channel = |to| e2e::system::channel(identities.directory(), to, "client");
        let anonymous = e2e::Client::new(channel(system.auth.address), channel(system.todo.address), None);
        let token = anonymous.sign_up("alice").await.granted.access_token;
        let (mut lock, client) = (system.admin().await, identities.issue(&good("client")));
        let held = "BEGIN; LOCK TABLE auth.users, todo.lists IN ACCESS EXCLUSIVE MODE";
        sqlx::raw_sql(held).execute(&mut lock).await.unwrap();
        Self { system, identities, client, token, _lock: lock }
    }

    /// Calls both services with each of these as `grpc-timeout`, all at once; asserts how many milliseconds each says it has waited.
    async fn assert_waits(&self, asked: &[(Option<&str>, &str)]) {
        let list = ListListsRequest::default().encode_to_vec();
        let (auth, todo) = (self.system.auth.address, self.system.todo.address);
        let both = asked.iter().map(async |(asked, waits)| {
            // By a name for each: attempts at one account are few at once.
            let log_in =
                LogInRequest { identifier: format!("{asked:?}"), password: PASSWORD.to_owned(), ..Default::default() };
            let on_auth = self.call(auth, "/auth.v1.AuthService/LogIn", log_in.encode_to_vec(), *asked);
            let on_todo = self.call(todo, "/todo.v1.ListService/ListLists", list.clone(), *asked);
            assert_eq!(join(on_auth, on_todo).await, ((*waits).to_owned(), (*waits).to_owned()), "{asked:?}");
        });
        join_all(both).await;
    }

    async fn call(&self, to: std::net::SocketAddr, path: &str, message: Vec<u8>, asked: Option<&str>) -> String {
        let connection: Http2 = self.identities.connect(to, &self.client).await;
        let mut call = http2::call(path).header("authorization", format!("Bearer {}", self.token));
        if let Some(asked) = asked {
            call = call.header("grpc-timeout", asked);
        }
        let body: Bytes = http2::message(&message);
        let status = connection.send(call.body(body).unwrap()).await.unwrap().status();
        assert_eq!(told(&status), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()), "{asked:?}: {status:?}");
        let info = status.get_details_error_info().unwrap();
        info.metadata.get("milliseconds").cloned().expect("metadata repeats the message's values")
    }
}

#[tokio::test]
async fn a_client_gets_the_deadline_that_it_asks_for() {
    let asked = [("50m", "50"), ("100000u", "100"), ("60000000n", "60"), ("1S", "1000"), ("0S", "0")];
    Stuck::system().await.assert_waits(&asked.map(|(asked, waits)| (Some(asked), waits))).await;
}

#[tokio::test]
async fn no_client_gets_more_than_the_longest() {
    let asked = ["4001m", "5S", "1M", "1H", "99999999H"];
    Stuck::system().await.assert_waits(&asked.map(|asked| (Some(asked), "4000"))).await;
}

#[tokio::test]
async fn without_a_deadline_or_with_nonsense_for_one_the_default_holds() {
    let nonsense = ["50", "m", "50x", "-50m", "+50m", "5 m", "000000050m"].map(Some);
    let asked: Vec<_> = nonsense.into_iter().chain([None]).map(|asked| (asked, "3000")).collect();
    Stuck::system().await.assert_waits(&asked).await;
}

#[tokio::test]
async fn a_message_that_never_comes_is_waited_for_no_longer_than_for_an_answer() {
    let identities = Identities::new();
    let system = identities.system_with(|settings| settings.with("DEADLINE_DEFAULT_MS", "300")).await;
    let client = identities.issue(&good("client"));
    for service in system.services() {
        let tls = raw::connect(service.address, identities.tls(Some(&client))).await.unwrap();
        let mut frames = Frames::open(tls).await.unwrap();
        frames.send(&[Frame::call(1, "/grpc.health.v1.Health/Check")]).await.unwrap();
        assert_eq!(frames.next_of(kind::HEADERS).await.expect("an answer").stream, 1);
    }
}
