//! Resource names (AIP-122).

use std::str::FromStr;

use service_kit::caller::Caller;
use service_kit::field::{Invalid, name_uuid};
use uuid::Uuid;

use crate::session::Key;

/// The type of a user.
pub(super) const USER: &str = "todo.local/User";

/// The type of the deletion of a user.
pub(super) const USER_DELETION: &str = "todo.local/UserDeletion";

/// The type of a session.
pub(super) const SESSION: &str = "todo.local/Session";

/// `users/{uuid}` or `users/me`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UserName {
    /// The caller.
    Me,
    /// Anybody.
    Id(Uuid),
}

impl UserName {
    /// Whom the caller means.
    pub(super) fn resolve(self, caller: Key) -> Uuid {
        match self {
            Self::Me => caller.user,
            Self::Id(id) => id,
        }
    }
}

impl FromStr for UserName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.strip_prefix("users/") {
            Some("me") => Ok(Self::Me),
            Some(segment) => name_uuid(segment).map(Self::Id).ok_or_else(not_a_user),
            None => Err(not_a_user()),
        }
    }
}

/// `users/{uuid}/sessions/{uuid}` or `users/me/sessions/{uuid}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SessionName {
    user: UserName,
    session: Uuid,
}

impl SessionName {
    /// Which session the caller means.
    pub(super) fn resolve(self, caller: Key) -> Key {
        Key { user: self.user.resolve(caller), session: self.session }
    }
}

impl FromStr for SessionName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parts =
            text.split_once("/sessions/").and_then(|(user, session)| Some((user.parse().ok()?, name_uuid(session)?)));
        let (user, session) = parts.ok_or_else(|| {
            Invalid::new("be \"users/me/sessions/{uuid}\" or \"users/{uuid}/sessions/{uuid}\", the UUIDs in lower case")
        })?;
        Ok(Self { user, session })
    }
}

/// `users/{uuid}/deletion`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UserDeletionName(pub(super) Uuid);

impl FromStr for UserDeletionName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let user = text.strip_prefix("users/").and_then(|rest| name_uuid(rest.strip_suffix("/deletion")?));
        user.map(Self).ok_or_else(|| Invalid::new("be \"users/{uuid}/deletion\", the UUID in lower case"))
    }
}

fn not_a_user() -> Invalid {
    Invalid::new("be \"users/me\" or \"users/{uuid}\", the UUID in lower case")
}

impl From<&Caller> for Key {
    fn from(caller: &Caller) -> Self {
        Self { user: caller.user(), session: caller.session() }
    }
}

/// The name of a user.
pub(super) fn user(id: Uuid) -> String {
    format!("users/{id}")
}

/// The name of an event of the audit trail.
pub(super) fn event(id: Uuid) -> String {
    format!("auditEvents/{id}")
}

/// The name of the deletion of a user.
pub(super) fn user_deletion(user: Uuid) -> String {
    format!("users/{user}/deletion")
}

/// The name of a session.
pub(super) fn session(key: Key) -> String {
    format!("users/{}/sessions/{}", key.user, key.session)
}
