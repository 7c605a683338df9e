//! One auth-service with a database, a clock and randomness of its own, and the words that the tests speak.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use auth_service::access_token::{self, Signer};
use auth_service::accounts::Accounts;
use auth_service::addresses::{self, Addresses};
use auth_service::feed::{Feed, Pump};
use auth_service::grpc::{self, Parts};
use auth_service::mail::Outbox;
use auth_service::password::{self, Hasher};
use auth_service::session::RefreshTokens;
use auth_service::sightings::Sightings;
use auth_service::signing_key::Keychain;
use auth_service::store::{self, MIGRATOR};
use auth_service::throttle::{Subjects, Throttle};
use clap::{Args, Command};
use local_postgres::{Cluster, Role};
use proto::auth::v1::audit_service_client::AuditServiceClient;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::auth::v1::session_service_client::SessionServiceClient;
use proto::auth::v1::token_service_client::TokenServiceClient;
use proto::auth::v1::user_service_client::UserServiceClient;
use proto::auth::v1::{
    GetUserRequest, LogInRequest, LogInResponse, RefreshTokensRequest, RefreshTokensResponse, RegisterRequest, User,
};
use service_kit::access::AccessLayer;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::page::PageTokens;
use service_kit::peer::{Peer, Thumbprint};
use service_kit::postgres::{self, Database, Settings};
use service_kit::secret::Secret;
use service_kit::token::{Keys, Verifier};
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::{OnceCell, watch};
use tokio::task::JoinSet;
use tonic::body::Body;
use tonic::service::RoutesBuilder;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt};

use crate::mailbox::Mailbox;

/// When every test begins.
pub(crate) const START: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
/// More attempts than any test makes.
const BURST: u32 = 1_000_000;
/// Of every user whom [`System::user`] makes.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The digits of the service's own secret.
const SECRET: &str = "5";

/// A client's way to the service.
pub(crate) type Channel = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Infallible>;

pub(crate) struct System {
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) settings: Settings,
    pub(crate) signer: Signer,
    pub(crate) hasher: Hasher,
    pub(crate) sightings: Sightings,
    feed: Feed,
    pub(crate) outbox: Outbox,
    pub(crate) mailbox: Mailbox,
    service: Channel,
    tasks: JoinSet<Infallible>,
}

impl System {
    pub(crate) async fn start() -> Self {
        Self::with(cheap_hashes()).await
    }

    /// With other hashes.
    pub(crate) async fn with(passwords: password::Settings) -> Self {
        Self::on(database().await, passwords, BURST, Clock::manual(START), Entropy::seeded(1)).await
    }

    /// With so many attempts at once for all callers together: they have no address.
    pub(crate) async fn with_burst(burst: u32) -> Self {
        Self::on(database().await, cheap_hashes(), burst, Clock::manual(START), Entropy::seeded(1)).await
    }

    /// Another process on the same database.
    pub(crate) async fn replica(&self) -> Self {
        Self::on(self.settings.clone(), cheap_hashes(), BURST, self.clock.clone(), self.entropy.clone()).await
    }

    async fn on(settings: Settings, passwords: password::Settings, burst: u32, clock: Clock, entropy: Entropy) -> Self {
        log_guard::plant(PASSWORD);
        log_guard::plant(&SECRET.repeat(64));
        let keychain = Keychain::load(&Database::new(&settings), &secret(), &clock, &entropy).await.unwrap();
        let keys = keychain.verifying();
        let signer = Signer::new(&defaults(), &defaults(), keychain.clone(), clock.clone(), entropy.clone());
        let hasher = Hasher::start(&passwords, entropy.clone()).unwrap();
        let database = Database::new(&settings);
        let (feed, tasks) = follow(&database, &settings, keychain, &clock, &entropy);
        let sightings = Sightings::new(clock.clone());
        let outbox = Outbox::new(&secret(), entropy.clone()).unwrap();
        let parts = Parts {
            database,
            clock: clock.clone(),
            entropy: entropy.clone(),
            hasher: hasher.clone(),
            outbox: outbox.clone(),
            subjects: Subjects::new(&secret()),
            addresses: addresses(burst, &clock),
            refresh_tokens: Arc::new(RefreshTokens::new(&secret())),
            page_tokens: page_tokens(&clock, &entropy),
            signer: signer.clone(),
            verifier: Arc::new(Verifier::new(&defaults(), keys, clock.clone())),
            feed: feed.clone(),
            sightings: sightings.clone(),
        };
        let mailbox = Mailbox::default();
        Self {
            clock,
            entropy,
            settings,
            signer,
            hasher,
            sightings,
            feed,
            outbox,
            mailbox,
            service: service(parts),
            tasks,
        }
    }

    /// The same service, which no longer reaches its database.
    pub(crate) fn without_database(&self) -> Self {
        let settings = Settings { database_port: 1, ..self.settings.clone() };
        let parts = Parts {
            database: Database::new(&settings),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            hasher: self.hasher.clone(),
            outbox: self.outbox.clone(),
            subjects: Subjects::new(&secret()),
            addresses: addresses(BURST, &self.clock),
            refresh_tokens: Arc::new(RefreshTokens::new(&secret())),
            page_tokens: page_tokens(&self.clock, &self.entropy),
            signer: self.signer.clone(),
            verifier: Arc::new(Verifier::new(&defaults(), Keys::default(), self.clock.clone())),
            feed: self.feed.clone(),
            sightings: self.sightings.clone(),
        };
        let (clock, entropy) = (self.clock.clone(), self.entropy.clone());
        let (signer, hasher, outbox) = (self.signer.clone(), self.hasher.clone(), self.outbox.clone());
        let (sightings, mailbox) = (self.sightings.clone(), self.mailbox.clone());
        let (feed, tasks) = (self.feed.clone(), JoinSet::new());
        Self {
            clock,
            entropy,
            settings,
            signer,
            hasher,
            sightings,
            feed,
            outbox,
            mailbox,
            service: service(parts),
            tasks,
        }
    }

    /// Stops what runs in the background, as a service does that ends.
    pub(crate) fn stop(&mut self) {
        self.tasks.abort_all();
    }

    /// The users, without the API.
    pub(crate) fn accounts(&self) -> Accounts {
        let (database, clock, entropy) = (Database::new(&self.settings), self.clock.clone(), self.entropy.clone());
        let throttle = Throttle::new(database.clone(), clock.clone(), Subjects::new(&secret()));
        Accounts::new(database, clock, entropy, self.hasher.clone(), throttle, self.outbox.clone())
    }

    /// A connection past the service.
    pub(crate) async fn sql(&self) -> PgConnection {
        Cluster::throwaway().await.unwrap().admin(&self.settings.database_name).await.unwrap()
    }

    pub(crate) fn auth(&self) -> AuthServiceClient<Channel> {
        AuthServiceClient::new(self.called_by("client"))
    }

    pub(crate) fn users(&self) -> UserServiceClient<Channel> {
        UserServiceClient::new(self.called_by("client"))
    }

    pub(crate) fn tokens(&self, peer: &str) -> TokenServiceClient<Channel> {
        TokenServiceClient::new(self.called_by(peer))
    }

    pub(crate) fn sessions(&self) -> SessionServiceClient<Channel> {
        SessionServiceClient::new(self.called_by("client"))
    }

    pub(crate) fn audit(&self) -> AuditServiceClient<Channel> {
        AuditServiceClient::new(self.called_by("client"))
    }

    fn called_by(&self, peer: &str) -> Channel {
        self.called_with(peer, 1)
    }

    /// A client's way to the service with one of several certificates.
    pub(crate) fn called_with(&self, peer: &str, certificate: u8) -> Channel {
        let certificate = Thumbprint::from_bytes(&[certificate; 32]).unwrap();
        let peer = Peer { name: peer.into(), not_after: START + time::Duration::days(1), certificate };
        let insert = move |mut request: http::Request<Body>| {
            request.extensions_mut().insert(peer.clone());
            request
        };
        BoxCloneSyncService::new(self.service.clone().map_request(insert))
    }

    pub(crate) async fn register(&self, request: RegisterRequest) -> Result<User, Status> {
        self.auth().register(request).await.map(tonic::Response::into_inner)
    }

    /// A user with [`PASSWORD`].
    pub(crate) async fn user(&self, username: &str) -> User {
        self.register(registration(username)).await.unwrap()
    }

    pub(crate) async fn try_log_in(&self, identifier: &str, password: &str) -> Result<LogInResponse, Status> {
        let request = LogInRequest {
            identifier: identifier.to_owned(),
            password: password.to_owned(),
            device_name: "a phone".to_owned(),
            ..LogInRequest::default()
        };
        let granted = self.auth().log_in(request).await?.into_inner();
        log_guard::plant(&granted.access_token);
        log_guard::plant(&granted.refresh_token);
        Ok(granted)
    }

    pub(crate) async fn log_in(&self, username: &str) -> LogInResponse {
        self.try_log_in(username, PASSWORD).await.unwrap()
    }

    /// Registers and logs in.
    pub(crate) async fn somebody(&self, username: &str) -> LogInResponse {
        self.user(username).await;
        self.log_in(username).await
    }

    /// Makes an admin and logs in.
    pub(crate) async fn admin(&self, username: &str) -> LogInResponse {
        let password = password::Password::chosen(PASSWORD.to_owned()).unwrap();
        self.accounts().create_admin(username.parse().unwrap(), password).await.unwrap();
        self.log_in(username).await
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Result<RefreshTokensResponse, Status> {
        let request = RefreshTokensRequest { refresh_token: refresh_token.to_owned() };
        let refreshed = self.auth().refresh_tokens(request).await?.into_inner();
        log_guard::plant(&refreshed.access_token);
        log_guard::plant(&refreshed.refresh_token);
        Ok(refreshed)
    }

    pub(crate) async fn get(&self, token: &str, name: &str) -> Result<User, Status> {
        let request = GetUserRequest { name: name.to_owned() };
        self.users().get_user(with_token(token, request)).await.map(tonic::Response::into_inner)
    }

    /// Makes of a user what no rpc does yet.
    pub(crate) async fn make(&self, username: &str, what: &str) {
        let statement = match what {
            "disabled" => "UPDATE auth.users SET state = 'disabled' WHERE username = $1",
            "verified" => "UPDATE auth.users SET email_verified_at = created_at WHERE username = $1",
            "plain" => "UPDATE auth.users SET roles = '{}' WHERE username = $1",
            "admin" => "UPDATE auth.users SET roles = '{admin}' WHERE username = $1",
            "out of date" => "UPDATE auth.users SET epoch = epoch + 1 WHERE username = $1",
            "without a usable hash" => "UPDATE auth.users SET password_hash = '$argon2id$' WHERE username = $1",
            _ => panic!("{what}"),
        };
        sqlx::query(statement).bind(username).execute(&mut self.sql().await).await.unwrap();
    }
}

/// The feed of a process, and what runs it.
fn follow(
    database: &Database,
    settings: &Settings,
    keychain: Keychain,
    clock: &Clock,
    entropy: &Entropy,
) -> (Feed, JoinSet<Infallible>) {
    let (bell, settings) = (watch::Sender::new(()), settings.clone());
    let bells = [database.commits(), bell.subscribe()];
    let life = defaults::<access_token::Settings>().lifetime();
    let pump = Pump::new(Database::new(&settings), bells, life, keychain, clock.clone(), entropy.clone());
    let (feed, mut tasks) = (pump.feed(), JoinSet::new());
    tasks.spawn(pump.run());
    tasks.spawn(async move { postgres::listen(&settings, store::feed::CHANNEL, bell).await });
    (feed, tasks)
}

fn service(parts: Parts) -> Channel {
    let mut routes = RoutesBuilder::default();
    grpc::mount(&mut routes, parts, &defaults());
    BoxCloneSyncService::new(AccessLayer.layer(routes.routes()))
}

/// Settings as they are when nothing is set.
pub(crate) fn defaults<A: Args>() -> A {
    let matches = A::augment_args(Command::new("test")).get_matches_from(["test"]);
    A::from_arg_matches(&matches).unwrap()
}

/// Hashes that cost next to nothing.
pub(crate) fn cheap_hashes() -> password::Settings {
    password::Settings { hash_memory_kib: 8.try_into().unwrap(), hash_passes: 1.try_into().unwrap(), ..defaults() }
}

fn addresses(burst: u32, clock: &Clock) -> Arc<Addresses> {
    let settings = addresses::Settings { address_burst: burst.try_into().unwrap(), ..defaults() };
    Arc::new(Addresses::new(&settings, clock.clone()))
}

fn page_tokens(clock: &Clock, entropy: &Entropy) -> Arc<PageTokens> {
    Arc::new(PageTokens::new(&secret(), clock.clone(), entropy.clone()).unwrap())
}

pub(crate) fn secret() -> Secret {
    Secret::from_hex(&SECRET.repeat(64)).unwrap()
}

/// A migrated database: one is migrated, the rest are copies.
pub(crate) async fn database() -> Settings {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let cluster = Cluster::throwaway().await.unwrap();
    let migrate = async || {
        let name = cluster.create_database(None).await.unwrap().name;
        let mut connection = cluster.connect(&name, Role::AuthMigrator).await.unwrap();
        MIGRATOR.run(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        name
    };
    let template = TEMPLATE.get_or_init(migrate).await;
    let name = cluster.create_database(Some(template)).await.unwrap().name;
    let file = |kind| cluster.certificates().join(format!("{}.{kind}", Role::AuthService.certificate()));
    Settings {
        database_host: cluster.host().to_owned(),
        database_port: cluster.port(),
        database_name: name,
        database_role: Role::AuthService.name().to_owned(),
        database_ca: cluster.certificates().join("ca.pem"),
        database_certificate: file("pem"),
        database_key: file("key"),
        database_connections: 8.try_into().unwrap(),
        // A hundred callers at once, on a machine that runs the other tests too, are to be served, not shed.
        database_pool_wait_ms: 30_000.try_into().unwrap(),
        database_statement_ms: 20_000.try_into().unwrap(),
        database_lock_ms: 20_000.try_into().unwrap(),
        database_idle_in_transaction_ms: 20_000.try_into().unwrap(),
    }
}

pub(crate) fn registration(username: &str) -> RegisterRequest {
    RegisterRequest {
        username: username.to_owned(),
        password: PASSWORD.to_owned(),
        email: format!("{username}@example.com"),
        display_name: username.to_owned(),
    }
}

pub(crate) fn with_token<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

/// The code and the reason of an error.
pub(crate) fn reason(status: &Status) -> (Code, String) {
    let details = status.get_error_details();
    (status.code(), details.error_info().map(|info| info.reason.clone()).unwrap_or_default())
}

/// Asserts the code and the reason of an error.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, expected: &str) {
    assert_eq!(reason(&answer.unwrap_err()), (code, expected.to_owned()));
}

/// The fields that an INVALID_ARGUMENT names.
pub(crate) fn violations(status: &Status) -> Vec<String> {
    assert_eq!(reason(status), (Code::InvalidArgument, "FIELD_INVALID".to_owned()));
    let details = status.get_error_details();
    details.bad_request().unwrap().field_violations.iter().map(|violation| violation.field.clone()).collect()
}

/// Waits until `holds`, and fails if it does not within ten seconds.
pub(crate) async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    let poll = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), poll).await.expect("it does not hold in time");
}
