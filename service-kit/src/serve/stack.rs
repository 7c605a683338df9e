//! What a call passes, from outside to inside: peer, telemetry, what is not gRPC, deadline, access, reasons for what
//! tonic refuses, panic guard, routes (and in each service its interceptor). One list, in this order, for both services.

mod foreign;
mod unread;
mod unsent;

use std::any::Any;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use tonic::body::Body;
use tonic::service::{Routes, RoutesBuilder};
use tonic::{Code, Status};
use tower::{Service, ServiceBuilder};
use tower_http::catch_panic::CatchPanicLayer;

use self::foreign::OnlyGrpc;
pub use self::unread::unreadable;
use super::Limits;
use super::connection::Context;
use super::deadline::DeadlineLayer;
use super::health::Health;
use crate::access::AccessLayer;
use crate::peer::{Peer, RemoteAddress};
use crate::status::{Reason, Refusal};
use crate::telemetry::TelemetryLayer;
use crate::telemetry::metrics::Metrics;

/// The service of one connection.
pub(super) fn service(
    context: &Context,
    peer: Peer,
    remote: Option<RemoteAddress>,
    routes: Routes,
) -> impl Service<Request<Incoming>, Response = Response<Body>, Error = std::convert::Infallible, Future: Send + 'static>
+ Clone
+ Send
+ 'static {
    let (max_in, max_out) = (context.limits.max_request_bytes, context.limits.max_response_bytes);
    ServiceBuilder::new()
        .map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            remote.map(|remote| request.extensions_mut().insert(remote));
            request
        })
        .layer(TelemetryLayer::new(Arc::clone(&context.metrics), context.clock.clone()))
        .layer(OnlyGrpc)
        .layer(DeadlineLayer::new(&context.limits))
        .layer(AccessLayer)
        .map_response(move |answer| unsent::explain(unread::explain(answer, max_in), max_out))
        .service(routes)
}

/// A handler that panics answers INTERNAL, is counted, and harms no other call.
pub(super) fn catch_panics(routes: Routes, metrics: &Arc<Metrics>) -> Routes {
    let metrics = Arc::clone(metrics);
    let answer = move |_: Box<dyn Any + Send + 'static>| {
        metrics.panics.inc();
        let message = "internal fault; quote the x-request-id of this answer";
        Status::from(Refusal::new(Code::Internal, Reason::Internal, message)).into_http::<Body>()
    };
    Routes::from(routes.into_axum_router().layer(CatchPanicLayer::custom(answer)))
}

/// `grpc.health.v1`, and reflection in both versions: Evans and older clients speak only v1alpha. Reflection lists
/// what is served here, and knows the types of error details, so that grpcurl can print them.
pub(super) fn add_health_and_reflection(builder: &mut RoutesBuilder, health: &Health, limits: &Limits) {
    let max_bytes = limits.max_request_bytes.get();
    builder.add_service(health.server().max_decoding_message_size(max_bytes));
    let reflection = || {
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET);
        let listed = health.services().iter().chain(&["grpc.health.v1.Health"]);
        listed.fold(reflection, |reflection, service| reflection.with_service_name(*service))
    };
    match (reflection().build_v1(), reflection().build_v1alpha()) {
        (Ok(v1), Ok(v1alpha)) => {
            builder
                .add_service(v1.max_decoding_message_size(max_bytes))
                .add_service(v1alpha.max_decoding_message_size(max_bytes));
        }
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(%error, "reflection is off: the descriptors do not decode");
        }
    }
}
