//! The gRPC edge. A handler parses its request, makes one call inward, and answers.

mod addresses;
mod attendance;
mod audit;
mod audit_requests;
mod auth;
mod devices;
mod errors;
mod feed;
mod mask;
mod messages;
mod names;
mod origin;
mod recovery_requests;
mod tokens;
mod user_requests;
mod users;

use std::sync::Arc;

use proto::auth::v1::audit_service_server::AuditServiceServer;
use proto::auth::v1::auth_service_server::AuthServiceServer;
use proto::auth::v1::session_service_server::SessionServiceServer;
use proto::auth::v1::token_service_server::TokenServiceServer;
use proto::auth::v1::user_service_server::UserServiceServer;
use service_kit::caller::Authenticate;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::page::PageTokens;
use service_kit::postgres::Database;
use service_kit::serve;
use service_kit::token::Verifier;
use tonic::service::RoutesBuilder;
use tonic::service::interceptor::InterceptedService;

use self::addresses::AddressThrottle;
use self::attendance::Attendance;
use self::audit::Audit;
use self::auth::Auth;
use self::devices::Devices;
use self::tokens::Tokens;
use self::users::Users;
use crate::access_token::Signer;
use crate::accounts::Accounts;
use crate::addresses::Addresses;
use crate::consumers::Consumers;
use crate::feed::Feed;
use crate::mail::Outbox;
use crate::password::Hasher;
use crate::session::RefreshTokens;
use crate::sessions::Sessions;
use crate::sightings::Sightings;
use crate::throttle::{Subjects, Throttle};

/// What the handlers are made of. The database and the verifier are one worker's own, the rest is shared.
#[derive(Clone)]
pub struct Parts {
    /// Where users and sessions are.
    pub database: Database,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// The gate in front of password hashing.
    pub hasher: Hasher,
    /// Where errands for the postman are left.
    pub outbox: Outbox,
    /// Whom attempts are counted by.
    pub subjects: Subjects,
    /// How often addresses try, in all workers together.
    pub addresses: Arc<Addresses>,
    /// The refresh tokens.
    pub refresh_tokens: Arc<RefreshTokens>,
    /// The page tokens.
    pub page_tokens: Arc<PageTokens>,
    /// The access tokens, as they are signed.
    pub signer: Signer,
    /// The access tokens, as they are checked.
    pub verifier: Arc<Verifier>,
    /// What ends them before their time, as it happens.
    pub feed: Feed,
    /// Whose tokens were seen.
    pub sightings: Sightings,
}

impl Parts {
    /// The same for one worker, with connections and a cache of its own.
    #[must_use]
    pub fn of_worker(&self) -> Self {
        Self { database: self.database.sibling(), verifier: Arc::new(self.verifier.sibling()), ..self.clone() }
    }
}

/// Adds the services of one worker.
pub fn mount(routes: &mut RoutesBuilder, parts: Parts, transport: &serve::Limits) {
    let Parts {
        database,
        clock,
        entropy,
        hasher,
        outbox,
        subjects,
        addresses,
        refresh_tokens,
        page_tokens,
        signer,
        verifier,
        feed,
        sightings,
    } = parts;
    let consumers = Consumers::new(database.clone(), clock.clone());
    let throttle = Throttle::new(database.clone(), clock.clone(), subjects);
    let accounts =
        Accounts::new(database.clone(), clock.clone(), entropy.clone(), hasher.clone(), throttle.clone(), outbox);
    let sessions =
        Sessions::new(database.clone(), clock.clone(), entropy, hasher, throttle, refresh_tokens, signer.clone());
    let authenticate = Attendance::new(Authenticate::new(Arc::clone(&verifier)), sightings);
    let (decoding, encoding) = (transport.max_request_bytes.get(), transport.max_response_bytes.get());
    macro_rules! within_limits {
        ($server:ident($service:expr)) => {
            $server::new($service).max_decoding_message_size(decoding).max_encoding_message_size(encoding)
        };
    }

    let auth = within_limits!(AuthServiceServer(Auth::new(accounts.clone(), sessions.clone(), signer.clone(), clock)));
    let auth = InterceptedService::new(auth, authenticate.clone());
    let users = within_limits!(UserServiceServer(Users::new(accounts.clone(), Arc::clone(&page_tokens))));
    let audit = within_limits!(AuditServiceServer(Audit::new(accounts.clone(), Arc::clone(&page_tokens))));
    let devices = within_limits!(SessionServiceServer(Devices::new(accounts, page_tokens)));
    let tokens = Tokens { sessions, verifier, signer, feed, database, consumers };
    let tokens = within_limits!(TokenServiceServer(tokens));
    routes
        .add_service(InterceptedService::new(auth, AddressThrottle::new(addresses)))
        .add_service(InterceptedService::new(users, authenticate.clone()))
        .add_service(InterceptedService::new(devices, authenticate.clone()))
        .add_service(InterceptedService::new(audit, authenticate.clone()))
        .add_service(InterceptedService::new(tokens, authenticate));
}
