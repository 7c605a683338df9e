//! Members of lists: who may do what.

mod operations;

use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::operations::role;
pub use self::operations::{Error, change, page, share};
use crate::list::ListId;
use crate::revision::{Etag, Revision};

/// What a member may do with a list. Each may also do all that those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read the list, its todos and its members.
    Viewer,
    /// Write todos.
    Editor,
    /// Rename, share and delete the list. Each list has exactly one.
    Owner,
}

/// Which member: a user in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberKey {
    /// The list.
    pub list: ListId,
    /// The user.
    pub user: Uuid,
}

/// A user who may see a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which.
    pub key: MemberKey,
    /// What they may do.
    pub role: Role,
    /// Its version: the revision of the list that its last change made.
    pub revision: Revision,
    /// Since when they are a member.
    pub create_time: OffsetDateTime,
}

/// A user to make a member.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// Who makes them one.
    pub by: Uuid,
    /// Who, and of which list.
    pub key: MemberKey,
    /// What they will be allowed to do; not to own it.
    pub role: Role,
}

/// A change to make to a member.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// Who makes it.
    pub by: Uuid,
    /// Which member.
    pub key: MemberKey,
    /// The version that it is meant for; any, if there is none.
    pub expected: Option<Etag>,
    /// What to do.
    pub action: Action,
}

/// What to do with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Give them another role, if there is one; that of the owner hands the list over.
    Role(Option<Role>),
    /// Put them out.
    Remove,
    /// Let them go, at their own wish.
    Leave,
}

impl Action {
    /// The least role that whoever does it must have.
    #[must_use]
    pub fn least_role(self) -> Role {
        match self {
            Self::Role(_) | Self::Remove => Role::Owner,
            Self::Leave => Role::Viewer,
        }
    }
}
