//! One call each.

use service_kit::page::{Page, PageSize};
use service_kit::postgres::{self, Database};
use uuid::Uuid;

use super::{Change, Member, MemberKey, Role, Share};
use crate::limits::Limits;
use crate::list::{self, ListId};
use crate::store::members::{self, Changed, Shared};

/// Why there is no member to return.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such list or member, or the user may not see it.
    #[error("no such list or member, or not the user's")]
    NotFound,
    /// The user sees the list, but only this role may do that.
    #[error("only its {0:?} may do that")]
    RoleInsufficient(Role),
    /// The user who is to become a member has been deleted.
    #[error("the user {0} has been deleted")]
    UserGone(Uuid),
    /// They are a member with another role.
    #[error("they are a member with the role {1:?}")]
    Exists(MemberKey, Role),
    /// The list has as many members as a list may have.
    #[error("the list has {0} members")]
    Members(u32),
    /// Whoever is to become a member sees as many lists as a user may see.
    #[error("the user has {0} lists")]
    Lists(u32),
    /// The member is not in the expected version any more.
    #[error("the member has changed")]
    EtagMismatch,
    /// A list keeps its owner.
    #[error("a list keeps its owner")]
    OwnerMustStay,
    /// It is an inbox, and its owner's alone.
    #[error("an inbox is its owner's alone")]
    InboxFixed,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] postgres::Error),
}

/// Makes a user a member; a repeat returns the member.
pub async fn share(database: &Database, limits: &Limits, share: Share) -> Result<Member, Error> {
    ensure_own_inbox(database, share.by, share.key.list).await?;
    let inbox = list::inbox(share.key.user);
    match members::share(database, share, inbox, limits).await? {
        Shared::Member(member) => Ok(member),
        Shared::Other(role) => Err(Error::Exists(share.key, role)),
        Shared::Inbox => Err(Error::InboxFixed),
        Shared::Gone => Err(Error::UserGone(share.key.user)),
        Shared::Members => Err(Error::Members(limits.members_per_list)),
        Shared::Lists => Err(Error::Lists(limits.lists_per_user)),
        Shared::NotFound => Err(refusal(database, share.by, share.key.list, Role::Owner).await),
    }
}

/// Changes a member, and returns them as they then are, or were.
pub async fn change(database: &Database, change: Change) -> Result<Member, Error> {
    ensure_own_inbox(database, change.by, change.key.list).await?;
    match members::change(database, change).await? {
        Changed::Member(member) => Ok(member),
        Changed::Absent => Err(Error::NotFound),
        Changed::Mismatch => Err(Error::EtagMismatch),
        Changed::Owner => Err(Error::OwnerMustStay),
        Changed::Inbox => Err(Error::InboxFixed),
        Changed::NotFound => Err(refusal(database, change.by, change.key.list, change.action.least_role()).await),
    }
}

/// The members of a list, in the order of their users, from the one after `after` on.
pub async fn page(
    database: &Database,
    user: Uuid,
    list: ListId,
    after: Option<Uuid>,
    size: PageSize,
) -> Result<Page<Member, Uuid>, Error> {
    ensure_own_inbox(database, user, list).await?;
    let found = members::page(database, user, list, after, size.rows()).await?;
    if found.is_empty() {
        // An empty page says nothing about the list.
        role(database, user, list).await?.ok_or(Error::NotFound)?;
    }
    Ok(Page::new(found, size, |member| member.key.user))
}

/// What the user may do with the list, if they are a member. Asked where a write found nothing, to say why: the answer may
/// be newer than the write.
pub(crate) async fn role(database: &Database, user: Uuid, list: ListId) -> Result<Option<Role>, postgres::Error> {
    members::role(database, user, list).await
}

/// An inbox is there before it is used.
async fn ensure_own_inbox(database: &Database, user: Uuid, list: ListId) -> Result<(), postgres::Error> {
    if list == ListId::inbox_of(user) { list::ensure_inbox(database, user).await } else { Ok(()) }
}

/// Why nothing was found to change: there is nothing, or only `least` may change it.
async fn refusal(database: &Database, user: Uuid, list: ListId, least: Role) -> Error {
    match role(database, user, list).await {
        Ok(Some(_)) => Error::RoleInsufficient(least),
        Ok(None) => Error::NotFound,
        Err(error) => error.into(),
    }
}
