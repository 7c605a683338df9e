//! The gRPC edge. A handler parses its request, makes one call inward, and answers.

mod auth;
mod errors;
mod mask;
mod messages;
mod names;
mod tokens;
mod users;

use std::sync::Arc;

use proto::auth::v1::auth_service_server::AuthServiceServer;
use proto::auth::v1::token_service_server::TokenServiceServer;
use proto::auth::v1::user_service_server::UserServiceServer;
use service_kit::caller::Authenticate;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::postgres::Database;
use service_kit::token::Verifier;
use tonic::service::interceptor::InterceptedService;

pub use self::auth::Auth;
pub use self::tokens::Tokens;
pub use self::users::Users;
use crate::access_token::Signer;
use crate::accounts::Accounts;
use crate::password::Hasher;
use crate::session::RefreshTokens;
use crate::sessions::Sessions;

/// What the services are made of. The database and the verifier are one worker's own, the rest is shared.
pub struct Parts {
    /// Where users and sessions are.
    pub database: Database,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// The gate in front of password hashing.
    pub hasher: Hasher,
    /// The refresh tokens.
    pub refresh_tokens: Arc<RefreshTokens>,
    /// The access tokens, as they are signed.
    pub signer: Signer,
    /// The access tokens, as they are checked.
    pub verifier: Arc<Verifier>,
}

/// Largest messages, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct MessageLimits {
    /// Of a request.
    pub inbound: usize,
    /// Of a response.
    pub outbound: usize,
}

/// The services, ready to be routed to.
pub struct Services {
    /// `auth.v1.AuthService`.
    pub auth: InterceptedService<AuthServiceServer<Auth>, Authenticate>,
    /// `auth.v1.UserService`.
    pub users: InterceptedService<UserServiceServer<Users>, Authenticate>,
    /// `auth.v1.TokenService`.
    pub tokens: InterceptedService<TokenServiceServer<Tokens>, Authenticate>,
}

/// Makes the services of one worker.
#[must_use]
pub fn services(parts: Parts, limits: MessageLimits) -> Services {
    let Parts { database, clock, entropy, hasher, refresh_tokens, signer, verifier } = parts;
    let accounts = Accounts::new(database.clone(), clock.clone(), entropy.clone(), hasher.clone());
    let sessions = Sessions::new(database, clock.clone(), entropy, hasher, refresh_tokens, signer.clone());
    let authenticate = Authenticate::new(Arc::clone(&verifier));
    let MessageLimits { inbound, outbound } = limits;

    let auth = AuthServiceServer::new(Auth::new(accounts.clone(), sessions.clone(), signer, clock))
        .max_decoding_message_size(inbound)
        .max_encoding_message_size(outbound);
    let users = UserServiceServer::new(Users::new(accounts))
        .max_decoding_message_size(inbound)
        .max_encoding_message_size(outbound);
    let tokens = TokenServiceServer::new(Tokens::new(sessions, verifier))
        .max_decoding_message_size(inbound)
        .max_encoding_message_size(outbound);
    Services {
        auth: InterceptedService::new(auth, authenticate.clone()),
        users: InterceptedService::new(users, authenticate.clone()),
        tokens: InterceptedService::new(tokens, authenticate),
    }
}
