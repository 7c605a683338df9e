//! todo-service: owns lists and todos; checks access tokens from memory.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub mod config;
pub mod deletion;
pub mod fingerprint;
pub mod grpc;
pub mod limits;
pub mod list;
pub mod revision;
pub mod store;
pub mod todo;

use std::sync::Arc;

use anyhow::Context as _;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::page::PageTokens;
use service_kit::postgres::Database;
use service_kit::secret::Secret;
use service_kit::serve::{App, Server};
use service_kit::tls;
use service_kit::token::{Keys, Verifier};

use crate::config::Config;
use crate::grpc::keys::KeyFetcher;

/// The gRPC services, for health.
const SERVICES: &[&str] = &["todo.v1.ListService", "todo.v1.TodoService"];

/// What each worker makes its services from.
struct Mount {
    config: Config,
    database: Database,
    clock: Clock,
    entropy: Entropy,
    page_tokens: Arc<PageTokens>,
    keys: Keys,
}

/// Binds the ports and starts to follow the keys of auth-service, which need not be there yet.
#[expect(clippy::unused_async, reason = "the same signature in both services, and it must run inside a runtime")]
pub async fn bind(config: Config, clock: Clock, entropy: Entropy) -> anyhow::Result<App> {
    let secret = Secret::read(&config.common.key_file)?;
    let mut server = Server::bind(config.common.serve.clone(), clock.clone(), SERVICES)?;
    let database = Database::new(&config.common.database);
    let page_tokens = PageTokens::new(&secret, clock.clone(), entropy.clone()).context("no key for page tokens")?;
    let keys = Keys::default();
    let auth = tls::channel(&config.common.serve.tls, &config.auth.auth_address, &config.auth.auth_name)?;
    let fetcher = KeyFetcher::new(auth, keys.clone(), clock.clone(), entropy.clone());
    server.background("keys", async move { match fetcher.run().await {} });
    let mount = Mount { config, database, clock, entropy, page_tokens: Arc::new(page_tokens), keys };
    Ok(server.mount(mount.database.clone(), move |routes| mount.worker(routes)))
}

impl Mount {
    /// Adds the services of the worker that calls it, with connections and a cache of its own.
    fn worker(&self, routes: &mut tonic::service::RoutesBuilder) {
        let common = &self.config.common;
        let parts = grpc::Parts {
            database: self.database.sibling(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            page_tokens: Arc::clone(&self.page_tokens),
            limits: self.config.limits,
            verifier: Arc::new(Verifier::new(&common.tokens, self.keys.clone(), self.clock.clone())),
        };
        grpc::mount(routes, parts, &common.serve.limits);
    }
}
