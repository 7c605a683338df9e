//! auth-service: owns users, sessions and keys; issues and verifies access tokens.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub mod access_token;
pub mod accounts;
pub mod addresses;
pub mod config;
pub mod consumers;
pub mod event;
pub mod feed;
pub mod grpc;
pub mod housekeeping;
pub mod mail;
pub mod operator;
pub mod origin;
pub mod password;
pub mod session;
pub mod sessions;
pub mod sightings;
pub mod signing_key;
pub mod store;
pub mod throttle;
pub mod user;

use std::sync::Arc;

use anyhow::Context as _;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::page::PageTokens;
use service_kit::postgres::{self, Database};
use service_kit::secret::Secret;
use service_kit::serve::{App, Server};
use service_kit::token::Verifier;
use tokio::sync::watch;

use crate::access_token::Signer;
use crate::addresses::Addresses;
use crate::config::Config;
use crate::feed::{Feed, Pump};
use crate::housekeeping::Housekeeping;
use crate::mail::{Outbox, Postman};
use crate::password::Hasher;
use crate::session::RefreshTokens;
use crate::sightings::Sightings;
use crate::signing_key::{Keychain, Rotation, Schedule};
use crate::throttle::Subjects;

/// The gRPC services, for health.
const SERVICES: &[&str] = &[
    "auth.v1.AuthService",
    "auth.v1.UserService",
    "auth.v1.SessionService",
    "auth.v1.TokenService",
    "auth.v1.AuditService",
];

/// Binds the ports, and loads the signing key or, on the first start of all, makes it.
pub async fn bind(config: Config, clock: Clock, entropy: Entropy) -> anyhow::Result<App> {
    let secret = Secret::read(&config.common.key_file)?;
    let mut server = Server::bind(config.common.serve.clone(), clock.clone(), SERVICES)?;
    let database = Database::new(&config.common.database);
    let tokens = &config.common.tokens;
    let keychain = Keychain::load(&database, &secret, &clock, &entropy).await?;
    let page_tokens = PageTokens::new(&secret, clock.clone(), entropy.clone()).context("no key for page tokens")?;
    let parts = grpc::Parts {
        database: database.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        hasher: Hasher::start(&config.passwords, entropy.clone()).context("the hashing threads do not start")?,
        outbox: Outbox::new(&secret, entropy.clone()).context("no key for the outbox")?,
        subjects: Subjects::new(&secret),
        addresses: Arc::new(Addresses::new(&config.addresses, clock.clone())),
        refresh_tokens: Arc::new(RefreshTokens::new(&secret)),
        page_tokens: Arc::new(page_tokens),
        verifier: Arc::new(Verifier::new(tokens, keychain.verifying(), clock.clone())),
        signer: Signer::new(&config.access_tokens, tokens, keychain.clone(), clock.clone(), entropy.clone()),
        feed: follow(&mut server, &config, &database, keychain, &clock, &entropy),
        sightings: Sightings::new(clock),
    };
    work(&mut server, &config, &secret, &parts)?;
    let limits = config.common.serve.limits;
    Ok(server.mount(database, move |routes| grpc::mount(routes, parts.of_worker(), &limits)))
}

/// Starts what goes on beside the calls: each task runs as long as the service does.
fn work(server: &mut Server, config: &Config, secret: &Secret, parts: &grpc::Parts) -> anyhow::Result<()> {
    let grpc::Parts { database, clock, entropy, outbox, sightings, .. } = parts.clone();
    let schedule = Schedule::new(&config.signing_keys, config.access_tokens.lifetime());
    let rotation = Rotation::new(database.clone(), secret, schedule, clock.clone(), entropy.clone())?;
    server.background("key rotation", async move { match rotation.run().await {} });
    let written = sightings.run(database.clone());
    server.background("sightings", async move { match written.await {} });
    let housekeeping = Housekeeping::new(database.clone(), clock.clone(), &config.housekeeping);
    server.background("housekeeping", async move { match housekeeping.run().await {} });
    let postman = Postman::new(database, outbox, secret, clock, entropy, config.mail.clone())?;
    server.background("mail", async move { match postman.run().await {} });
    Ok(())
}

/// Starts to number events and to tell them, those of other replicas too.
fn follow(
    server: &mut Server,
    config: &Config,
    database: &Database,
    keychain: Keychain,
    clock: &Clock,
    entropy: &Entropy,
) -> Feed {
    let settings = config.common.database.clone();
    let bell = watch::Sender::new(());
    let bells = [database.commits(), bell.subscribe()];
    let life = config.access_tokens.lifetime();
    let pump = Pump::new(Database::new(&settings), bells, life, keychain, clock.clone(), entropy.clone());
    let feed = pump.feed();
    server.background("feed", async move { match pump.run().await {} });
    let listen = async move { match postgres::listen(&settings, store::feed::CHANNEL, bell).await {} };
    server.background("doorbell", listen);
    let [streams, head, age, lag] = [(); 4].map(|()| feed.clone());
    server.measure("feed_streams", "Open streams of security events", move || streams.followers());
    server.measure("feed_head", "Number of the last event of the feed", move || head.head());
    server.measure("feed_age_seconds", "Time since the feed was last complete", move || age.age());
    server.measure("feed_lag_seconds", "Time that the events last numbered had waited for it", move || lag.lag());
    feed
}
