//! Who calls: the interceptor that makes an access token into a [`Caller`], from memory alone.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use proto::access::v1::Caller as Required;
use time::OffsetDateTime;
use tonic::service::Interceptor;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use crate::access::Admitted;
use crate::peer::Peer;
use crate::status::{Reason, Refusal, internal};
use crate::token::{Claims, Rejection, Role, Verifier};

/// The user behind a call, as a valid access token names it. Handlers find it in the request's extensions.
#[derive(Clone, Debug)]
pub struct Caller(Arc<Claims>);

impl Caller {
    /// The user.
    #[must_use]
    pub fn user(&self) -> Uuid {
        self.0.sub
    }

    /// The session that the token belongs to.
    #[must_use]
    pub fn session(&self) -> Uuid {
        self.0.sid
    }

    /// Whether the token says that the user is an admin.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.0.roles.contains(&Role::Admin)
    }

    /// When the token ends; what outlives a call (a stream) must end then.
    #[must_use]
    pub fn expires(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.exp).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// Whether the token is good still, by its times and by what is revoked: for what goes on for longer than a call.
    pub fn recheck(&self, verifier: &Verifier) -> Result<(), Status> {
        verifier.recheck(&self.0).map_err(rejected)
    }

    /// The caller of a request that passed the interceptor. Its absence is a fault of ours: the rpc's rule asks for
    /// no token, yet the handler wants a user.
    pub fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        #[derive(Debug, thiserror::Error)]
        #[error("the handler wants a caller, but the rpc's access rule asks for no token")]
        struct NoCaller;
        request.extensions().get().cloned().ok_or_else(|| internal(&NoCaller))
    }
}

/// The interceptor. It stands behind the access layer, whose [`Admitted`] tells which token the rpc wants.
#[derive(Clone)]
pub struct Authenticate {
    verifier: Arc<Verifier>,
}

impl Authenticate {
    /// An interceptor that trusts what `verifier` accepts.
    #[must_use]
    pub fn new(verifier: Arc<Verifier>) -> Self {
        Self { verifier }
    }
}

impl Interceptor for Authenticate {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let Some(Admitted { method, required }) = request.extensions().get::<Admitted>().copied() else {
            return Err(not_allowed("?"));
        };
        match required {
            Required::Anonymous | Required::Peer => Ok(request),
            Required::User | Required::Admin => {
                let claims = self.verifier.verify(bearer(request.metadata().as_ref())?).map_err(rejected)?;
                if !is_holder(&claims, request.extensions().get()) {
                    return Err(rejected(Rejection::Invalid));
                }
                let caller = Caller(claims);
                if required == Required::Admin && !caller.is_admin() {
                    return Err(not_allowed(method));
                }
                request.extensions_mut().insert(caller);
                Ok(request)
            }
            Required::Unspecified => Err(not_allowed(method)),
        }
    }
}

/// Whether a token that is bound to a certificate comes with it (RFC 8705, section 3).
fn is_holder(claims: &Claims, peer: Option<&Peer>) -> bool {
    claims.cnf.is_none_or(|cnf| peer.is_some_and(|peer| peer.certificate == cnf.certificate))
}

/// The token of exactly one `authorization: Bearer TOKEN` (RFC 6750; the scheme in any case, RFC 9110 11.1).
pub fn bearer(headers: &HeaderMap) -> Result<&str, Status> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let missing = || unauthenticated(Reason::TokenMissing, "an access token is required: authorization: Bearer TOKEN");
    let value = values.next().ok_or_else(missing)?;
    let invalid = || rejected(Rejection::Invalid);
    if values.next().is_some() {
        return Err(invalid());
    }
    let (scheme, token) = value.to_str().map_err(|_| invalid())?.split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token) } else { Err(missing()) }
}

/// The answer to a token that was not accepted: its reason, and nothing more.
#[must_use]
pub fn rejected(rejection: Rejection) -> Status {
    match rejection {
        Rejection::Expired => unauthenticated(Reason::TokenExpired, "the access token has expired"),
        Rejection::SessionEnded => session_ended(),
        Rejection::Invalid => unauthenticated(Reason::TokenInvalid, "the access token is not valid"),
        Rejection::NoKeys => {
            Refusal::new(Code::Unavailable, Reason::AuthUnavailable, "access tokens cannot be checked yet")
                .retry_after(Duration::from_secs(1))
                .into()
        }
    }
}

/// The answer to a token whose session is over.
#[must_use]
pub fn session_ended() -> Status {
    unauthenticated(Reason::SessionEnded, "the session has ended")
}

fn unauthenticated(reason: Reason, message: &str) -> Status {
    Refusal::new(Code::Unauthenticated, reason, message).into()
}

/// The answer to a user who may not call an rpc; `method` as `/package.Service/Method`.
#[must_use]
pub fn not_allowed(method: &str) -> Status {
    Refusal::new(Code::PermissionDenied, Reason::CallerNotAllowed, format!("this user may not call {method}"))
        .with("method", method)
        .into()
}
