//! The rule for when the feed of auth-service is not heard. Until [`FRESH`] memory decides alone. After that each token is
//! introspected. Where nobody answers either, calls go on by what is known, with a header that says how old that is; but
//! what writes is refused once it is older than the life of an access token.

use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::{BoxFuture, Either};
use http::{HeaderName, HeaderValue, Request, Response};
use service_kit::caller::{self, session_ended};
use service_kit::clock::Clock;
use service_kit::status::{Reason, Refusal};
use service_kit::token::Revocations;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::{Code, Status};
use tower::Service;

use super::introspection::{Answer, Introspector};

/// How old what we know may be before it is not enough: five bookmarks.
pub const FRESH: Duration = Duration::from_secs(10);
/// On the answer to a call whose token nobody could confirm: the seconds since auth-service was last heard.
pub const HEADER: HeaderName = HeaderName::from_static("x-auth-stale-seconds");

/// What the rule goes by.
#[derive(Clone)]
pub struct Staleness {
    revocations: Revocations,
    introspector: Introspector,
    clock: Clock,
}

/// A service under the rule, behind its interceptor: the tokens that come here are valid by what is known.
#[derive(Clone)]
pub(super) struct Guarded<S> {
    rule: Staleness,
    inner: S,
}

impl Staleness {
    /// The rule for those who go by `revocations`.
    #[must_use]
    pub fn new(revocations: Revocations, introspector: Introspector, clock: Clock) -> Self {
        Self { revocations, introspector, clock }
    }

    /// Puts a service under the rule.
    pub(super) fn guard<S>(&self, inner: S) -> Guarded<S> {
        Guarded { rule: self.clone(), inner }
    }

    /// How old what we know is; `None` before the first time that auth-service was heard.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        let age = self.clock.now() - self.revocations.heard()?;
        Some(Duration::try_from(age).unwrap_or_default())
    }

    /// What is known to be revoked.
    pub(super) fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    /// Whether a stream may go on; a `safe` one only reads.
    pub(super) async fn recheck(&self, token: &str, safe: bool) -> Result<(), Status> {
        match self.age() {
            Some(age) if age > FRESH => self.judge(token, safe, age).await.map(drop),
            _ => Ok(()),
        }
    }

    /// Whether what we know is enough. Before anything was heard there are no keys either: no token passes.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.age().is_some_and(|age| age <= FRESH)
    }

    /// Whether a call may go on although nothing fresh is known; with the header to answer with, if it is by what is old.
    async fn judge(&self, token: &str, safe: bool, age: Duration) -> Result<Option<HeaderValue>, Status> {
        match self.introspector.ask(token).await {
            Answer::Active => Ok(None),
            Answer::Inactive => Err(session_ended()),
            Answer::Unreachable if safe || age <= self.revocations.life() => Ok(Some(age.as_secs().into())),
            Answer::Unreachable => {
                let message = "auth-service is out of reach, so the token cannot be checked; nothing was changed";
                Err(Refusal::new(Code::Unavailable, Reason::AuthUnavailable, message)
                    .retry_after(Duration::from_secs(1))
                    .into())
            }
        }
    }
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let age = match self.rule.age() {
            Some(age) if age > FRESH => age,
            _ => return Either::Left(self.inner.call(request)),
        };
        // The one that is ready goes, and its clone stays.
        let ready = self.inner.clone();
        let (rule, mut inner) = (self.rule.clone(), std::mem::replace(&mut self.inner, ready));
        Either::Right(Box::pin(async move {
            let safe = proto::access::rule(request.uri().path()).is_some_and(|rule| rule.safe);
            let judged = match caller::bearer(request.headers()).map(str::to_owned) {
                Ok(token) => rule.judge(&token, safe, age).await,
                Err(status) => Err(status),
            };
            match judged {
                Ok(header) => {
                    let mut answer = inner.call(request).await?;
                    header.map(|age| answer.headers_mut().insert(HEADER, age));
                    Ok(answer)
                }
                Err(status) => Ok(status.into_http()),
            }
        }))
    }
}

impl<S: NamedService> NamedService for Guarded<S> {
    const NAME: &'static str = S::NAME;
}
