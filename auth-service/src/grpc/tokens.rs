//! `auth.v1.TokenService`, for peers.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use prost_types::Timestamp;
use proto::auth::v1::token_service_server::TokenService;
use proto::auth::v1::{
    AcknowledgeEventsRequest, AcknowledgeEventsResponse, IntrospectTokenRequest, IntrospectTokenResponse,
    WatchSecurityEventsRequest, WatchSecurityEventsResponse,
};
use service_kit::field::{self, Fields};
use service_kit::peer::Peer;
use service_kit::postgres::Database;
use service_kit::token::{Claims, MAX_BYTES, Role, Verifier};
use tonic::{Request, Response, Status};
use zeroize::Zeroizing;

use super::{errors, feed, messages, names};
use crate::access_token::Signer;
use crate::consumers::Consumers;
use crate::feed::{Cursor, Feed};
use crate::session::Key;
use crate::sessions::Sessions;

/// The service.
pub(super) struct Tokens {
    /// Where tokens belong to.
    pub(super) sessions: Sessions,
    /// What accepts them.
    pub(super) verifier: Arc<Verifier>,
    /// What signs them.
    pub(super) signer: Signer,
    /// What ends them.
    pub(super) feed: Feed,
    /// Where followers of the feed read.
    pub(super) database: Database,
    /// Who follows the feed.
    pub(super) consumers: Consumers,
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

    type WatchSecurityEventsStream = BoxStream<'static, Result<WatchSecurityEventsResponse, Status>>;

    async fn watch_security_events(
        &self,
        request: Request<WatchSecurityEventsRequest>,
    ) -> Result<Response<Self::WatchSecurityEventsStream>, Status> {
        let peer = Arc::clone(&Peer::of(&request)?.name);
        let cursor = feed::cursor(&request.into_inner().cursor, 0)?;
        let acted_on = self.consumers.acted_on(peer).await.map_err(|error| errors::consumer(&error))?;
        let follower = self.feed.follow(self.database.clone(), cursor, acted_on).await;
        let follower = follower.map_err(|error| errors::feed(&error))?;
        Ok(Response::new(feed::stream(follower, self.signer.clone()).boxed()))
    }

    async fn acknowledge_events(
        &self,
        request: Request<AcknowledgeEventsRequest>,
    ) -> Result<Response<AcknowledgeEventsResponse>, Status> {
        let peer = Arc::clone(&Peer::of(&request)?.name);
        let cursor = feed::cursor(&request.into_inner().cursor, 1)?.unwrap_or(Cursor::new(0));
        self.consumers.acknowledge(peer, cursor).await.map_err(|error| errors::consumer(&error))?;
        Ok(Response::new(AcknowledgeEventsResponse {}))
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
