//! Lists, and each user's inbox.

mod operations;

use std::str::FromStr;

use aws_lc_rs::digest;
use service_kit::field::{self, Invalid};
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::operations::{Error, change, create, get, page};
pub(crate) use self::operations::{ensure_inbox, inbox};
use crate::fingerprint::Fingerprint;
use crate::member::Role;
use crate::revision::{Etag, Revision};

/// Version of UUIDs that inboxes have, and no other list (RFC 9562, 5.8).
const INBOX_VERSION: usize = 8;

/// A list's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListId(Uuid);

impl ListId {
    /// Any UUID.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// The id of a user's inbox. It follows from the user, so no look-up stands before a call that names
    /// `lists/inbox`, and the inbox has its name before it has a row.
    #[must_use]
    pub fn inbox_of(user: Uuid) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"todo.local/inbox");
        context.update(user.as_bytes());
        let hash = context.finish();
        let mut bytes = [0; 16];
        for (byte, hashed) in bytes.iter_mut().zip(hash.as_ref()) {
            *byte = *hashed;
        }
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// Whether no client may choose this id: those of inboxes, and the nil UUID, after which every walk begins.
    #[must_use]
    pub fn is_reserved(self) -> bool {
        self.0.get_version_num() == INBOX_VERSION || self.0.is_nil()
    }

    /// The UUID.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

/// A list as a request names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListRef {
    /// The caller's own inbox.
    Inbox,
    /// A list by its id.
    Id(ListId),
}

impl ListRef {
    /// Which list that is when `caller` says it.
    #[must_use]
    pub fn of(self, caller: Uuid) -> ListId {
        match self {
            Self::Inbox => ListId::inbox_of(caller),
            Self::Id(id) => id,
        }
    }
}

/// What people call a list: 1 to 200 code points, no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    /// The name that an inbox gets.
    #[must_use]
    pub fn inbox() -> Self {
        Self("Inbox".to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DisplayName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        field::line(text, 1, 200)?;
        Ok(Self(text.to_owned()))
    }
}

/// A list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Its id.
    pub id: ListId,
    /// What people call it.
    pub display_name: String,
    /// Whether it is the inbox of its owner.
    pub inbox: bool,
    /// Whose it is.
    pub owner: Uuid,
    /// What the user who asked may do with it.
    pub role: Role,
    /// Todos in it that are not deleted.
    pub live_count: i32,
    /// Members of it, its owner included.
    pub member_count: i32,
    /// Its version: the number of changes in it so far.
    pub revision: Revision,
    /// When it was made.
    pub create_time: OffsetDateTime,
    /// When it, or a todo in it, last changed.
    pub update_time: OffsetDateTime,
    /// When it was deleted, if it is.
    pub delete_time: Option<OffsetDateTime>,
    /// When it will be gone for good, if it is deleted.
    pub purge_time: Option<OffsetDateTime>,
}

/// A list to make.
#[derive(Clone, Debug)]
pub struct NewList {
    /// Whose it will be.
    pub owner: Uuid,
    /// Its id, the client's choice or ours.
    pub id: ListId,
    /// What people will call it.
    pub display_name: DisplayName,
    /// What the request said.
    pub fingerprint: Fingerprint,
}

/// A change to make to a list itself.
#[derive(Clone, Debug)]
pub struct Change {
    /// Who makes it.
    pub user: Uuid,
    /// Which list.
    pub id: ListId,
    /// The version that it is meant for; any, if there is none.
    pub expected: Option<Etag>,
    /// What to do.
    pub action: Action,
}

/// What its owner can do with a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Give it another name, if there is one.
    Rename(Option<DisplayName>),
    /// Delete it; it can be brought back until it is purged.
    Delete,
    /// Bring it back.
    Undelete,
}
