//! `auth.v1.SessionService`.

use std::sync::Arc;

use proto::auth::v1::session_service_server::SessionService;
use proto::auth::v1::{
    ListSessionsRequest, ListSessionsResponse, RevokeAllSessionsRequest, RevokeAllSessionsResponse,
    RevokeSessionRequest, RevokeSessionResponse,
};
use service_kit::caller::Caller;
use service_kit::field::{self, Fields};
use service_kit::page::{MAX_TOKEN, PageSize, PageTokens, Scope};
use tonic::{Request, Response, Status};

use super::names::{SessionName, UserName};
use super::{errors, messages, names, origin};
use crate::accounts::Accounts;
use crate::session::Key;

/// The service.
pub(super) struct Devices {
    accounts: Accounts,
    page_tokens: Arc<PageTokens>,
}

impl Devices {
    /// The edge of `accounts`.
    pub(super) fn new(accounts: Accounts, page_tokens: Arc<PageTokens>) -> Self {
        Self { accounts, page_tokens }
    }
}

#[tonic::async_trait]
impl SessionService for Devices {
    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Result<Response<ListSessionsResponse>, Status> {
        let caller = Key::from(&Caller::of(&request)?);
        let ListSessionsRequest { parent: sent, page_size, page_token } = request.into_inner();
        let mut fields = Fields::default();
        let parent = fields.parse::<UserName>("parent", &sent);
        let size = fields.take("page_size", PageSize::parse(page_size));
        let token = fields.take("page_token", field::length(&page_token, 0, MAX_TOKEN));
        let (parent, size, ()) = fields.all((parent, size, token))?;
        let target = parent.resolve(caller);
        let scope = Scope { caller: caller.user, rpc: "ListSessions", arguments: target.as_bytes() };
        let after = self.page_tokens.open(scope, &page_token)?;
        let page = self.accounts.sessions(caller, target, after, size).await;
        let page = page.map_err(|error| errors::account(&error, &sent))?;
        Ok(Response::new(ListSessionsResponse {
            sessions: page.items.iter().map(messages::session).collect(),
            next_page_token: self.page_tokens.seal(scope, page.next),
        }))
    }

    async fn revoke_session(
        &self,
        request: Request<RevokeSessionRequest>,
    ) -> Result<Response<RevokeSessionResponse>, Status> {
        let (caller, origin) = (Key::from(&Caller::of(&request)?), origin::of(&request));
        let sent = request.into_inner().name;
        let mut fields = Fields::default();
        let name = fields.parse::<SessionName>("name", &sent);
        let (name,) = fields.all((name,))?;
        let revoked = self.accounts.revoke_session(caller, name.resolve(caller), origin).await;
        revoked.map_err(|error| errors::about(names::SESSION, &error, &sent))?;
        Ok(Response::new(RevokeSessionResponse {}))
    }

    async fn revoke_all_sessions(
        &self,
        request: Request<RevokeAllSessionsRequest>,
    ) -> Result<Response<RevokeAllSessionsResponse>, Status> {
        let (caller, origin) = (Key::from(&Caller::of(&request)?), origin::of(&request));
        let RevokeAllSessionsRequest { parent: sent, keep_present } = request.into_inner();
        let mut fields = Fields::default();
        let parent = fields.parse::<UserName>("parent", &sent);
        let (parent,) = fields.all((parent,))?;
        let revoked = self.accounts.revoke_sessions(caller, parent.resolve(caller), keep_present, origin).await;
        let revoked = revoked.map_err(|error| errors::account(&error, &sent))?;
        Ok(Response::new(RevokeAllSessionsResponse { revoked_count: revoked.try_into().unwrap_or(i32::MAX) }))
    }
}
