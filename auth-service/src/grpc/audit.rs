//! `auth.v1.AuditService`.

use std::sync::Arc;

use prost_types::value::Kind as Json;
use prost_types::{ListValue, Struct, Value};
use proto::auth::v1::audit_service_server::AuditService;
use proto::auth::v1::{AuditEvent, ListAuditEventsRequest, ListAuditEventsResponse, audit_event};
use service_kit::caller::Caller;
use service_kit::page::{PageTokens, Scope};
use service_kit::timestamp::timestamp;
use tonic::{Request, Response, Status};

use super::audit_requests::{self as parse, Listing};
use super::{errors, names};
use crate::accounts::Accounts;
use crate::event::{Event, Kind};
use crate::session::Key;

/// The service.
pub(super) struct Audit {
    accounts: Accounts,
    page_tokens: Arc<PageTokens>,
}

impl Audit {
    /// The edge of `accounts`.
    pub(super) fn new(accounts: Accounts, page_tokens: Arc<PageTokens>) -> Self {
        Self { accounts, page_tokens }
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn list_audit_events(
        &self,
        request: Request<ListAuditEventsRequest>,
    ) -> Result<Response<ListAuditEventsResponse>, Status> {
        let caller = Key::from(&Caller::of(&request)?);
        let Listing { filter, size, token } = parse::listing(request.into_inner(), caller)?;
        // Unambiguous: all of it is ids, names of kinds and times.
        let arguments = format!("{filter:?}");
        let scope = Scope { caller: caller.user, rpc: "ListAuditEvents", arguments: arguments.as_bytes() };
        let after = self.page_tokens.open(scope, &token)?;
        let page = self.accounts.events(caller, filter, after, size).await;
        let page = page
            .map_err(|error| errors::administration(&error, "/auth.v1.AuditService/ListAuditEvents", "auditEvents"))?;
        Ok(Response::new(ListAuditEventsResponse {
            audit_events: page.items.into_iter().map(message).collect(),
            next_page_token: self.page_tokens.seal(scope, page.next),
        }))
    }
}

fn message(event: Event) -> AuditEvent {
    AuditEvent {
        name: names::event(event.id),
        event_time: Some(timestamp(event.at)),
        kind: sent_kind(event.kind).into(),
        user: event.user.map(names::user).unwrap_or_default(),
        actor: event.actor.map(names::user).unwrap_or_default(),
        session: event.session_key().map(names::session).unwrap_or_default(),
        peer: event.origin.peer.as_deref().unwrap_or_default().to_owned(),
        address: event.origin.address.map(|address| address.to_string()).unwrap_or_default(),
        request_id: event.origin.request_id.as_deref().unwrap_or_default().to_owned(),
        details: Some(object(event.details)),
    }
}

/// The value of the contract that has the kind's name. There is one for each, by test.
fn sent_kind(kind: Kind) -> audit_event::Kind {
    let name = format!("KIND_{}", kind.as_str().to_ascii_uppercase());
    audit_event::Kind::from_str_name(&name).unwrap_or_default()
}

fn object(members: serde_json::Map<String, serde_json::Value>) -> Struct {
    Struct { fields: members.into_iter().map(|(name, member)| (name, value(member))).collect() }
}

/// JSON as protobuf writes it; what we put there (texts, lists of them, small numbers, booleans) loses nothing.
fn value(json: serde_json::Value) -> Value {
    use serde_json::Value as V;
    let kind = match json {
        V::Null => Json::NullValue(0),
        V::Bool(truth) => Json::BoolValue(truth),
        V::Number(number) => Json::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        V::String(text) => Json::StringValue(text),
        V::Array(items) => Json::ListValue(ListValue { values: items.into_iter().map(value).collect() }),
        V::Object(members) => Json::StructValue(object(members)),
    };
    Value { kind: Some(kind) }
}
