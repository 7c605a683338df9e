//! Lists, and each user's inbox.

use std::str::FromStr;

use aws_lc_rs::digest;
use service_kit::field::{self, Invalid};
use service_kit::page::{Page, PageSize};
use service_kit::postgres::{self, Database};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::fingerprint::Fingerprint;
use crate::limits::Limits;
use crate::revision::Revision;
use crate::store;
use crate::store::lists::Created;

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
    /// Todos in it that are not deleted.
    pub live_count: i32,
    /// Its version: the number of changes in it so far.
    pub revision: Revision,
    /// When it was made.
    pub create_time: OffsetDateTime,
    /// When it, or a todo in it, last changed.
    pub update_time: OffsetDateTime,
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

/// Why there is no list to return.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or the user may not see it.
    #[error("no such list, or not the user's")]
    NotFound,
    /// The id belongs to a list that another request made, or to an inbox.
    #[error("the list id is taken")]
    Taken,
    /// The user has as many lists as a user may have.
    #[error("the user has {0} lists")]
    Quota(u32),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] postgres::Error),
}

/// Makes a list; a repeat of the same request returns the list as it is now.
pub async fn create(database: &Database, limits: &Limits, list: NewList) -> Result<List, Error> {
    if list.id.is_reserved() {
        return Err(Error::Taken);
    }
    ensure_inbox(database, list.owner).await?;
    let (owner, id, max) = (list.owner, list.id, limits.lists_per_user);
    match store::lists::create(database, list, max).await? {
        Created::There => get(database, owner, id).await,
        Created::Taken => Err(Error::Taken),
        Created::Quota => Err(Error::Quota(max)),
        Created::Gone => Err(Error::NotFound),
    }
}

/// The list, if the user may see it. Asking for one's own inbox makes it.
pub async fn get(database: &Database, user: Uuid, id: ListId) -> Result<List, Error> {
    let found = store::lists::get(database, user, id).await?;
    if found.is_none() && id == ListId::inbox_of(user) {
        ensure_inbox(database, user).await?;
        return store::lists::get(database, user, id).await?.ok_or(Error::NotFound);
    }
    found.ok_or(Error::NotFound)
}

/// The lists that the user may see, in the order of their ids, from the one after `after` on. The inbox is always
/// among them.
pub async fn page(
    database: &Database,
    user: Uuid,
    after: Option<ListId>,
    size: PageSize,
) -> Result<Page<List, ListId>, Error> {
    if after.is_none() {
        get(database, user, ListId::inbox_of(user)).await?;
    }
    let lists = store::lists::page(database, user, after, size.rows()).await?;
    Ok(Page::new(lists, size, |list| list.id))
}

/// Makes the user's inbox, unless it is there. Safe to call any number of times at once.
pub(crate) async fn ensure_inbox(database: &Database, user: Uuid) -> Result<(), postgres::Error> {
    let display_name = DisplayName::inbox();
    let fingerprint = Fingerprint::new(user, &[]);
    let inbox = NewList { owner: user, id: ListId::inbox_of(user), display_name, fingerprint };
    store::lists::ensure_inbox(database, inbox).await
}
