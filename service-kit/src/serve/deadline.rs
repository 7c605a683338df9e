//! Deadlines of unary calls (gRPC over HTTP/2, `grpc-timeout`). hyper serves without tonic's own, which answered
//! CANCELLED; this one says DEADLINE_EXCEEDED. A stream's body is not bounded here: a stream ends itself.

use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use tokio::time::timeout;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::Limits;
use crate::status::{Reason, Refusal};

/// The layer.
#[derive(Clone)]
pub(super) struct DeadlineLayer {
    default: Duration,
    max: Duration,
}

impl DeadlineLayer {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { default: limits.deadline_default(), max: limits.deadline_max() }
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        Deadline { inner, limits: self.clone() }
    }
}

/// See [`DeadlineLayer`].
#[derive(Clone)]
pub(super) struct Deadline<S> {
    inner: S,
    limits: DeadlineLayer,
}

impl<S, B> Service<Request<B>> for Deadline<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let deadline = asked(request.headers()).unwrap_or(self.limits.default).min(self.limits.max);
        let answer = self.inner.call(request);
        Box::pin(async move { timeout(deadline, answer).await.unwrap_or_else(|_| Ok(exceeded(deadline))) })
    }
}

fn exceeded(deadline: Duration) -> Response<Body> {
    let waited = deadline.as_millis().to_string();
    let message = format!("no answer within {waited} ms; a change may or may not have happened");
    let refusal = Refusal::new(Code::DeadlineExceeded, Reason::DeadlineExceeded, message);
    Status::from(refusal.with("milliseconds", waited)).into_http()
}

/// `grpc-timeout`: at most 8 digits and a unit. Anything else counts as absent.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}
