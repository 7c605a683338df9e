//! Requests that are not gRPC. tonic looks at neither method nor content, and would answer a GET with 200.

use std::task::{Context, Poll};

use futures_util::future::{Either, Ready, ready};
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::status::{Reason, Refusal};

/// The layer that lets only gRPC pass. The others get the HTTP status that gRPC over HTTP/2 prescribes, so that no client
/// or proxy takes the refusal for success, and a reason besides.
#[derive(Clone, Copy)]
pub(super) struct OnlyGrpc;

impl<S> Layer<S> for OnlyGrpc {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { inner }
    }
}

/// See [`OnlyGrpc`].
#[derive(Clone)]
pub(super) struct Guard<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for Guard<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<Body>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if request.method() != Method::POST {
            let mut refused = refused(StatusCode::METHOD_NOT_ALLOWED, "a gRPC call is a POST");
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return Either::Right(ready(Ok(refused)));
        }
        if !is_grpc(&request) {
            let refused = refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content of a gRPC call is application/grpc");
            return Either::Right(ready(Ok(refused)));
        }
        Either::Left(self.inner.call(request))
    }
}

/// Exactly one content type, and of the encodings that it may name only protobuf.
fn is_grpc<B>(request: &Request<B>) -> bool {
    let mut types = request.headers().get_all(CONTENT_TYPE).iter();
    let (Some(content), None) = (types.next(), types.next()) else {
        return false;
    };
    matches!(content.as_bytes(), b"application/grpc" | b"application/grpc+proto")
}

fn refused(http: StatusCode, message: &str) -> Response<Body> {
    let refusal = Refusal::new(Code::InvalidArgument, Reason::MessageMalformed, message);
    let mut response = Status::from(refusal).into_http();
    *response.status_mut() = http;
    response
}
