//! The gRPC edge. A handler parses, makes one call inward, and replies.

mod asked;
mod batches;
mod bulk;
mod content;
mod errors;
pub mod feed;
mod guard;
pub mod introspection;
mod listing;
mod lists;
mod mask;
mod members;
mod messages;
mod moves;
mod names;
pub mod staleness;
pub mod sync;
mod todos;
mod transfer;
pub mod upstream;
mod watch;

use std::sync::Arc;

use proto::todo::v1::list_service_server::ListServiceServer;
use proto::todo::v1::member_service_server::MemberServiceServer;
use proto::todo::v1::todo_service_server::TodoServiceServer;
use service_kit::caller::Authenticate;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::page::PageTokens;
use service_kit::postgres::Database;
use service_kit::serve;
use service_kit::token::Verifier;
use tokio_util::sync::CancellationToken;
use tonic::service::RoutesBuilder;
use tonic::service::interceptor::InterceptedService;

use self::bulk::BySize;
use self::lists::Lists;
use self::members::Members;
use self::staleness::Staleness;
use self::sync::SyncTokens;
use self::todos::Todos;
use crate::limits::Limits;
use crate::watch::Watches;

/// What the handlers are made of. The database and the verifier are one worker's own, the rest is shared.
#[derive(Clone)]
pub struct Parts {
    /// Where lists and todos are.
    pub database: Database,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Makes and reads page tokens.
    pub page_tokens: Arc<PageTokens>,
    /// Makes and reads sync tokens.
    pub sync_tokens: Arc<SyncTokens>,
    /// How many there may be.
    pub limits: Limits,
    /// Who watches what.
    pub watches: Watches,
    /// Cancelled when the service stops.
    pub stop: CancellationToken,
    /// The access tokens, as they are checked.
    pub verifier: Arc<Verifier>,
    /// What applies when auth-service is not heard.
    pub staleness: Staleness,
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
    let (authenticate, staleness) = (Authenticate::new(Arc::clone(&parts.verifier)), parts.staleness.clone());
    let (decoding, encoding) = (transport.max_request_bytes.get(), transport.max_response_bytes.get());

    let lists = ListServiceServer::new(Lists(parts.clone()))
        .max_decoding_message_size(decoding)
        .max_encoding_message_size(encoding);
    let members = MemberServiceServer::new(Members(parts.clone()))
        .max_decoding_message_size(decoding)
        .max_encoding_message_size(encoding);
    let todos = TodoServiceServer::new(Todos(parts, transport.max_request_bytes)).max_encoding_message_size(encoding);
    let bulk = todos.clone().max_decoding_message_size(transport.max_bulk_bytes.get());
    let todos = BySize::new(todos.max_decoding_message_size(decoding), bulk, transport.max_bulk_bytes);
    routes
        .add_service(InterceptedService::new(staleness.guard(lists), authenticate.clone()))
        .add_service(InterceptedService::new(staleness.guard(members), authenticate.clone()))
        .add_service(InterceptedService::new(staleness.guard(todos), authenticate));
}
