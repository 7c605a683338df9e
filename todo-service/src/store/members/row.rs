//! A row of `todo.list_members`, as the statements return it.

use service_kit::postgres::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::list::ListId;
use crate::member::{Member, MemberKey, Role};
use crate::revision::Revision;

/// A member of a page.
pub(super) struct Row {
    pub(super) user_id: Uuid,
    pub(super) role: String,
    pub(super) create_time: OffsetDateTime,
    pub(super) revision: i64,
}

/// What became of a member; without one, the rest is absent.
pub(super) struct OutcomeRow {
    pub(super) outcome: String,
    pub(super) role: Option<String>,
    pub(super) create_time: Option<OffsetDateTime>,
    pub(super) revision: Option<i64>,
}

impl Row {
    pub(super) fn member(self, list: ListId) -> Result<Member, Error> {
        Ok(Member {
            key: MemberKey { list, user: self.user_id },
            role: parse(&self.role, list)?,
            revision: Revision::new(self.revision),
            create_time: self.create_time,
        })
    }
}

impl OutcomeRow {
    /// The member of an outcome that has one.
    pub(super) fn member(self, key: MemberKey) -> Result<Member, Error> {
        let row = match (self.role, self.create_time, self.revision) {
            (Some(role), Some(create_time), Some(revision)) => Row { user_id: key.user, role, create_time, revision },
            _ => return Err(corrupt("outcome", key.list)),
        };
        row.member(key.list)
    }
}

/// A role as it is stored.
pub(in crate::store) fn parse(stored: &str, list: ListId) -> Result<Role, Error> {
    match stored {
        "viewer" => Ok(Role::Viewer),
        "editor" => Ok(Role::Editor),
        "owner" => Ok(Role::Owner),
        _ => Err(corrupt("role", list)),
    }
}

/// A role as it is to be stored.
pub(super) fn stored(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Editor => "editor",
        Role::Owner => "owner",
    }
}

/// A value that the code does not know.
pub(super) fn corrupt(column: &'static str, list: ListId) -> Error {
    Error::Corrupt { table: "todo.list_members", column, id: list.uuid().to_string() }
}
