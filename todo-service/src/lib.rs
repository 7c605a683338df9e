//! todo-service: owns lists and todos; checks access tokens from memory.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub mod config;
pub mod deletion;
pub mod fingerprint;
pub mod grpc;
pub mod housekeeping;
pub mod limits;
pub mod list;
pub mod member;
pub mod revision;
pub mod store;
pub mod todo;
pub mod transfer;
pub mod vtodo;
pub mod watch;

use std::sync::Arc;

use anyhow::Context as _;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::page::PageTokens;
use service_kit::postgres::{self, Database};
use service_kit::secret::Secret;
use service_kit::serve::{App, Server};
use service_kit::token::{Keys, Revocations, Verifier};

use crate::config::Config;
use crate::grpc::feed::Follower;
use crate::grpc::introspection::Introspector;
use crate::grpc::staleness::Staleness;
use crate::grpc::sync::SyncTokens;
use crate::grpc::upstream::Upstream;
use crate::housekeeping::Housekeeping;
use crate::watch::{Doorbell, Watches};

/// The gRPC services, for health.
const SERVICES: &[&str] = &["todo.v1.ListService", "todo.v1.MemberService", "todo.v1.TodoService"];

/// Binds the ports and starts to follow the feed of auth-service, which need not be there yet.
#[expect(clippy::unused_async, reason = "the same signature in both services, and it must run inside a runtime")]
pub async fn bind(config: Config, clock: Clock, entropy: Entropy) -> anyhow::Result<App> {
    let secret = Secret::read(&config.common.key_file)?;
    let mut server = Server::bind(config.common.serve.clone(), clock.clone(), SERVICES)?;
    let database = Database::new(&config.common.database);
    let page_tokens = PageTokens::new(&secret, clock.clone(), entropy.clone()).context("no key for page tokens")?;
    let sync_tokens = SyncTokens::new(&secret, clock.clone(), entropy.clone()).context("no key for sync tokens")?;
    let (keys, revocations) = (Keys::default(), Revocations::default());
    let upstream = Upstream::new(&config.auth, &config.common.serve.tls)?;
    let introspector = Introspector::new(upstream.clone(), clock.clone());
    let staleness = Staleness::new(revocations.clone(), introspector, clock.clone());
    report(&mut server, &staleness);
    let verifier = Verifier::new(&config.common.tokens, keys.clone(), clock.clone()).heeding(revocations.clone());
    let follower = Follower::new(upstream, keys, revocations, database.clone(), clock.clone(), entropy.clone());
    server.background("feed", async move { match follower.run().await {} });
    let housekeeping = Housekeeping::new(database.clone(), clock.clone());
    server.background("housekeeping", async move { match housekeeping.run().await {} });
    let watches = watches(&mut server, &config, &database, &entropy);
    let parts = grpc::Parts {
        database: database.clone(),
        clock,
        entropy,
        page_tokens: Arc::new(page_tokens),
        sync_tokens: Arc::new(sync_tokens),
        limits: config.limits,
        verifier: Arc::new(verifier),
        staleness,
        watches,
        stop: server.stopping(),
    };
    let limits = config.common.serve.limits;
    Ok(server.mount(database, move |routes| grpc::mount(routes, parts.of_worker(), &limits)))
}

/// Starts to wake those who watch, also after commits of other replicas, and to wake those of other replicas.
fn watches(server: &mut Server, config: &Config, database: &Database, entropy: &Entropy) -> Watches {
    let settings = config.common.database.clone();
    let watches = Watches::new(&config.watches);
    let bell = tokio::sync::watch::Sender::new(());
    let bells = [database.commits(), bell.subscribe()];
    let doorbell = Doorbell::new(Database::new(&settings), watches.clone(), bells, entropy.clone());
    server.background("watches", async move { match doorbell.run().await {} });
    let telling = watch::tell_others(Database::new(&settings), database.commits());
    server.background("bell", async move { match telling.await {} });
    let listen = async move { match postgres::listen(&settings, store::watch::CHANNEL, bell).await {} };
    server.background("doorbell", listen);
    let open = watches.clone();
    server.measure("watches", "Open watches of todos", move || open.open().into());
    watches
}

/// Tells how well auth-service is heard: nothing is refused for it at first, so whoever runs the service must see it.
fn report(server: &mut Server, staleness: &Staleness) {
    let (age, is_fresh) = (staleness.clone(), staleness.clone());
    let help = "Time since auth-service last said that no revocation is missing; infinite before the first time";
    server.measure("auth_feed_age_seconds", help, move || age.age().map_or(f64::INFINITY, |age| age.as_secs_f64()));
    server.report("auth-feed", move || is_fresh.is_fresh());
}
