//! Rows as they are stored, made into what they mean. One that means nothing is a fault of ours.

use std::str::FromStr;
use std::sync::Arc;

use service_kit::peer::Thumbprint;
use service_kit::postgres::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::origin::Origin;
use crate::session::{Key, Session};
use crate::user::{Role, State, User};

/// A row of `auth.users` without the password.
pub(super) struct UserRow {
    pub(super) id: Uuid,
    pub(super) username: String,
    pub(super) display_name: String,
    pub(super) email: Option<String>,
    pub(super) email_verified_at: Option<OffsetDateTime>,
    pub(super) roles: Vec<String>,
    pub(super) state: String,
    pub(super) epoch: i64,
    pub(super) revision: i64,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
}

/// The user in a record that holds more than the user's columns.
macro_rules! user_in {
    ($record:ident) => {
        $crate::store::row::UserRow {
            id: $record.id,
            username: $record.username,
            display_name: $record.display_name,
            email: $record.email,
            email_verified_at: $record.email_verified_at,
            roles: $record.roles,
            state: $record.state,
            epoch: $record.epoch,
            revision: $record.revision,
            created_at: $record.created_at,
            updated_at: $record.updated_at,
        }
        .meaning()
    };
}
pub(super) use user_in;

impl UserRow {
    pub(super) fn meaning(self) -> Result<User, Error> {
        let corrupt = |column| Error::Corrupt { table: "auth.users", column, id: self.id.to_string() };
        Ok(User {
            id: self.id,
            username: parsed(&self.username).ok_or_else(|| corrupt("username"))?,
            display_name: parsed(&self.display_name).ok_or_else(|| corrupt("display_name"))?,
            email: self.email.as_deref().map(|text| parsed(text).ok_or_else(|| corrupt("email"))).transpose()?,
            email_verified: self.email_verified_at.is_some(),
            roles: roles(&self.roles).ok_or_else(|| corrupt("roles"))?,
            state: state(&self.state).ok_or_else(|| corrupt("state"))?,
            epoch: self.epoch,
            revision: self.revision,
            created: self.created_at,
            updated: self.updated_at,
        })
    }
}

/// A row of `auth.sessions` without the tokens.
pub(super) struct SessionRow {
    pub(super) id: Uuid,
    pub(super) user_id: Uuid,
    pub(super) device_name: String,
    pub(super) created_at: OffsetDateTime,
    pub(super) idle_expires_at: OffsetDateTime,
    pub(super) absolute_expires_at: OffsetDateTime,
    pub(super) last_seen_at: OffsetDateTime,
    pub(super) peer: Option<String>,
    pub(super) address: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) certificate: Option<Vec<u8>>,
}

impl SessionRow {
    pub(super) fn meaning(self) -> Result<Session, Error> {
        let corrupt = |column| Error::Corrupt { table: "auth.sessions", column, id: self.id.to_string() };
        let address = self.address.as_deref().map(|text| parsed(text).ok_or_else(|| corrupt("address")));
        let certificate = self.certificate.as_deref();
        let bound_to = certificate.map(|bytes| Thumbprint::from_bytes(bytes).ok_or_else(|| corrupt("certificate")));
        Ok(Session {
            key: Key { user: self.user_id, session: self.id },
            device_name: parsed(&self.device_name).ok_or_else(|| corrupt("device_name"))?,
            created: self.created_at,
            expires: self.idle_expires_at,
            ends: self.absolute_expires_at,
            seen: self.last_seen_at,
            origin: Origin {
                peer: self.peer.as_deref().map(Arc::from),
                address: address.transpose()?,
                user_agent: self.user_agent.clone(),
                request_id: None,
            },
            bound_to: bound_to.transpose()?,
        })
    }
}

fn parsed<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn state(text: &str) -> Option<State> {
    match text {
        "active" => Some(State::Active),
        "disabled" => Some(State::Disabled),
        _ => None,
    }
}

/// A state as it is stored.
pub(super) fn state_text(state: State) -> &'static str {
    match state {
        State::Active => "active",
        State::Disabled => "disabled",
    }
}

/// Roles as they are stored; `None` if one of them is unknown.
pub(super) fn roles(texts: &[String]) -> Option<Vec<Role>> {
    texts.iter().map(|text| (text == "admin").then_some(Role::Admin)).collect()
}

/// Roles as they are stored.
pub(super) fn role_texts(roles: &[Role]) -> Vec<String> {
    let text = |role: &Role| match role {
        Role::Admin => "admin".to_owned(),
    };
    roles.iter().map(text).collect()
}
