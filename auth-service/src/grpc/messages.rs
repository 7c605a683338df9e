//! The domain, as messages.

use proto::auth::v1;
use service_kit::timestamp::timestamp;

use super::names;
use crate::accounts::UserDeletion;
use crate::session::Session;
use crate::sessions::Granted;
use crate::user::{Email, Role, State, User};

pub(super) fn user(user: &User) -> v1::User {
    v1::User {
        name: names::user(user.id),
        username: user.username.as_str().to_owned(),
        display_name: user.display_name.as_str().to_owned(),
        email: user.email.as_ref().map(Email::as_str).unwrap_or_default().to_owned(),
        email_verified: user.email_verified,
        roles: roles(&user.roles),
        state: state(user.state).into(),
        create_time: Some(timestamp(user.created)),
        update_time: Some(timestamp(user.updated)),
        etag: etag(user),
    }
}

pub(super) fn user_deletion(deletion: UserDeletion) -> v1::UserDeletion {
    v1::UserDeletion {
        name: names::user_deletion(deletion.user),
        delete_time: Some(timestamp(deletion.at)),
        completed_services: deletion.completed,
        residual_services: deletion.residual,
    }
}

/// The etag of a user: its revision, which each change raises.
pub(super) fn etag(user: &User) -> String {
    user.revision.to_string()
}

pub(super) fn session(session: &Session) -> v1::Session {
    v1::Session {
        name: names::session(session.key),
        user: names::user(session.key.user),
        device_name: session.device_name.as_str().to_owned(),
        create_time: Some(timestamp(session.created)),
        expire_time: Some(timestamp(session.expires)),
        last_seen_time: Some(timestamp(session.seen)),
        address: session.origin.address.map(|address| address.to_string()).unwrap_or_default(),
        user_agent: session.origin.user_agent.clone().unwrap_or_default(),
        peer: session.origin.peer.as_deref().unwrap_or_default().to_owned(),
        certificate_bound: session.bound_to.is_some(),
    }
}

pub(super) fn logged_in(granted: &Granted) -> v1::LogInResponse {
    v1::LogInResponse {
        access_token: granted.access.jwt.to_string(),
        access_token_expire_time: Some(timestamp(granted.access.expires)),
        refresh_token: granted.refresh.reveal().to_owned(),
        refresh_token_expire_time: Some(timestamp(granted.session.expires)),
        session: Some(session(&granted.session)),
        user: Some(user(&granted.user)),
    }
}

pub(super) fn refreshed(granted: &Granted) -> v1::RefreshTokensResponse {
    v1::RefreshTokensResponse {
        access_token: granted.access.jwt.to_string(),
        access_token_expire_time: Some(timestamp(granted.access.expires)),
        refresh_token: granted.refresh.reveal().to_owned(),
        refresh_token_expire_time: Some(timestamp(granted.session.expires)),
        session: Some(session(&granted.session)),
    }
}

pub(super) fn roles(roles: &[Role]) -> Vec<i32> {
    let role = |role: &Role| match role {
        Role::Admin => v1::Role::Admin.into(),
    };
    roles.iter().map(role).collect()
}

fn state(state: State) -> v1::user::State {
    match state {
        State::Active => v1::user::State::Active,
        State::Disabled => v1::user::State::Disabled,
    }
}
