//! `auth.v1.TokenService`, for peers.

use std::sync::Arc;

use prost_types::Timestamp;
use proto::auth::v1::token_service_server::TokenService;
use proto::auth::v1::{IntrospectTokenRequest, IntrospectTokenResponse};
use service_kit::field::{self, Fields};
use service_kit::token::{Claims, MAX_BYTES, Role, Verifier};
use tonic::{Request, Response, Status};
use zeroize::Zeroizing;

use super::{errors, messages, names};
use crate::session::Key;
use crate::sessions::Sessions;

/// The service.
pub(super) struct Tokens {
    sessions: Sessions,
    verifier: Arc<Verifier>,
}

impl Tokens {
    /// The edge of `sessions`, for tokens that `verifier` accepts.
    pub(super) fn new(sessions: Sessions, verifier: Arc<Verifier>) -> Self {
        Self { sessions, verifier }
    }
}

#[tonic::async_trait]
impl TokenService for Tokens {
    async fn introspect_token(
        &self,
        request: Request<IntrospectTokenRequest>,
    ) -> Result<Response<IntrospectTokenResponse>, Status> {
        let token = access_token(request.into_inner())?;
        let Ok(claims) = self.verifier.verify(&token) else {
            return Ok(Response::new(IntrospectTokenResponse::default()));
        };
        let roles = self.sessions.introspect(&claims).await.map_err(|error| errors::session(&error))?;
        Ok(Response::new(roles.map(|roles| active(&claims, &roles)).unwrap_or_default()))
    }
}

fn access_token(request: IntrospectTokenRequest) -> Result<Zeroizing<String>, Status> {
    let token = Zeroizing::new(request.token);
    let mut fields = Fields::default();
    let checked = fields.take("token", field::length(&token, 1, MAX_BYTES));
    fields.all((checked,))?;
    Ok(token)
}

fn active(claims: &Claims, roles: &[Role]) -> IntrospectTokenResponse {
    let seconds = |seconds| Some(Timestamp { seconds, nanos: 0 });
    IntrospectTokenResponse {
        active: true,
        subject: names::user(claims.sub),
        session: names::session(Key { user: claims.sub, session: claims.sid }),
        roles: messages::roles(roles),
        issue_time: seconds(claims.iat),
        expire_time: seconds(claims.exp),
        issuer: claims.iss.clone(),
        audience: claims.aud.clone(),
        token_id: claims.jti.to_string(),
        certificate_thumbprint: claims.cnf.map(|cnf| cnf.certificate.to_string()).unwrap_or_default(),
    }
}
