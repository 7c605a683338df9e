//! One call each.

use service_kit::page::{Page, PageSize};
use service_kit::postgres::{self, Database};
use uuid::Uuid;

use super::{Change, DisplayName, List, ListId, NewList};
use crate::fingerprint::Fingerprint;
use crate::limits::Limits;
use crate::member::{self, Role};
use crate::store;
use crate::store::lists::{Changed, Created};

/// Why there is no list to return.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or the user may not see it.
    #[error("no such list, or not the user's")]
    NotFound,
    /// The user sees it, but only this role may do that.
    #[error("only its {0:?} may do that")]
    RoleInsufficient(Role),
    /// The id belongs to a list that another request made, or to an inbox.
    #[error("the list id is taken")]
    Taken,
    /// The user sees as many lists as a user may see.
    #[error("the user has {0} lists")]
    Quota(u32),
    /// The list is not in the expected version any more.
    #[error("the list has changed")]
    EtagMismatch,
    /// It is an inbox, and stays.
    #[error("an inbox stays")]
    InboxFixed,
    /// It cannot come back, for it is there.
    #[error("the list is not deleted")]
    NotDeleted,
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

/// The list, if the user may see it; a deleted one too, if it is theirs. Asking for one's own inbox makes it.
pub async fn get(database: &Database, user: Uuid, id: ListId) -> Result<List, Error> {
    let found = store::lists::get(database, user, id).await?;
    if found.is_none() && id == ListId::inbox_of(user) {
        ensure_inbox(database, user).await?;
        return store::lists::get(database, user, id).await?.ok_or(Error::NotFound);
    }
    found.ok_or(Error::NotFound)
}

/// The lists that the user may see, in the order of their ids, from the one after `after` on; those that they have deleted
/// if asked for. The inbox is always among them.
pub async fn page(
    database: &Database,
    user: Uuid,
    deleted: bool,
    after: Option<ListId>,
    size: PageSize,
) -> Result<Page<List, ListId>, Error> {
    if after.is_none() {
        get(database, user, ListId::inbox_of(user)).await?;
    }
    let lists = store::lists::page(database, user, deleted, after, size.rows()).await?;
    Ok(Page::new(lists, size, |list| list.id))
}

/// Changes a list and returns it as it then is.
pub async fn change(database: &Database, limits: &Limits, change: Change) -> Result<List, Error> {
    let (user, id, max) = (change.user, change.id, limits.lists_per_user);
    if id == ListId::inbox_of(user) {
        ensure_inbox(database, user).await?;
    }
    loop {
        match store::lists::change(database, &change, max).await? {
            Changed::List(list) => return Ok(list),
            // Somebody became a member, whose inbox is locked now.
            Changed::Again => {}
            Changed::Mismatch => return Err(Error::EtagMismatch),
            Changed::Deleted => return Err(Error::NotFound),
            Changed::NotDeleted => return Err(Error::NotDeleted),
            Changed::Inbox => return Err(Error::InboxFixed),
            Changed::Quota => return Err(Error::Quota(max)),
            Changed::NotFound => {
                let member = member::role(database, user, id).await?;
                return Err(member.map_or(Error::NotFound, |_| Error::RoleInsufficient(Role::Owner)));
            }
        }
    }
}

/// Makes the user's inbox, unless it is there. Safe to call any number of times at once.
pub(crate) async fn ensure_inbox(database: &Database, user: Uuid) -> Result<(), postgres::Error> {
    store::lists::ensure_inbox(database, inbox(user)).await
}

/// The inbox of a user, as it is made.
pub(crate) fn inbox(user: Uuid) -> NewList {
    let (display_name, fingerprint) = (DisplayName::inbox(), Fingerprint::new(user, &[]));
    NewList { owner: user, id: ListId::inbox_of(user), display_name, fingerprint }
}
