//! Who may call what: default deny, decided before any handler from the rules that stand in the `.proto` files.

use std::task::{Context, Poll};

use futures_util::future::{Either, Ready, ready};
use http::{Request, Response};
use proto::access::v1::Caller;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::peer::Peer;
use crate::status::{Reason, Refusal};

/// What the rule of an rpc still asks for once its peer is admitted. In the request's extensions, for the interceptor.
#[derive(Clone, Copy, Debug)]
pub struct Admitted {
    /// The rpc's path, `/package.Service/Method`.
    pub method: &'static str,
    /// The token that it wants.
    pub required: Caller,
}

/// What is not in our `.proto` files and yet served: any peer with a certificate of our CA may ask for health and
/// look the contract up.
const SERVED_BESIDE: [&str; 5] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/List",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// The layer that enforces the rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccessLayer;

impl<S> Layer<S> for AccessLayer {
    type Service = Access<S>;

    fn layer(&self, inner: S) -> Access<S> {
        Access { inner }
    }
}

/// See [`AccessLayer`].
#[derive(Clone, Debug)]
pub struct Access<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for Access<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<Body>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match admit(request.uri().path(), request.extensions().get::<Peer>()) {
            Ok(admitted) => {
                request.extensions_mut().insert(admitted);
                Either::Left(self.inner.call(request))
            }
            Err(status) => Either::Right(ready(Ok(status.into_http()))),
        }
    }
}

/// The rpc at a path, if there is one: the same text, which lives for ever and so is safe as a label.
pub(crate) fn served(path: &str) -> Option<&'static str> {
    let beside = SERVED_BESIDE.iter().find(|served| **served == path).copied();
    beside.or_else(|| proto::access::rule(path).map(|rule| rule.path))
}

fn admit(path: &str, peer: Option<&Peer>) -> Result<Admitted, Status> {
    let method = served(path).ok_or_else(|| unknown(path))?;
    let (required, peers) =
        proto::access::rule(path).map_or((Caller::Anonymous, &[][..]), |rule| (rule.caller, rule.peers));
    match peer {
        Some(peer) if peers.is_empty() || peers.contains(&&*peer.name) => Ok(Admitted { method, required }),
        _ => Err(refused(method, peer.map_or("", |peer| &peer.name))),
    }
}

fn refused(path: &str, peer: &str) -> Status {
    Refusal::new(Code::PermissionDenied, Reason::PeerNotAllowed, format!("the peer {peer:?} may not call {path}"))
        .with("peer", peer)
        .with("method", path)
        .into()
}

fn unknown(path: &str) -> Status {
    Refusal::new(Code::Unimplemented, Reason::MethodUnknown, format!("there is no rpc {path}"))
        .with("method", path)
        .into()
}
