//! Making members.

use service_kit::postgres::{Database, Error};

use super::row::{OutcomeRow, corrupt, parse, stored};
use crate::limits::Limits;
use crate::list::NewList;
use crate::member::{Member, MemberKey, Role, Share};

/// What became of a user who was to be a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shared {
    /// They are, made so now or before.
    Member(Member),
    /// They are, with this other role.
    Other(Role),
    /// The list is an inbox.
    Inbox,
    /// The user has been deleted.
    Gone,
    /// The list has as many members as allowed.
    Members,
    /// The user sees as many lists as allowed.
    Lists,
    /// There is no such list, or it is not the caller's.
    NotFound,
}

/// Makes a user a member, and the user's `inbox`, whose lock makes the count of their lists exact.
pub async fn share(database: &Database, share: Share, inbox: NewList, limits: &Limits) -> Result<Shared, Error> {
    let (key, role) = (share.key, stored(share.role));
    let (max_members, max_lists) = (i64::from(limits.members_per_list), i64::from(limits.lists_per_user));
    let row = database.write(move |c| {
        Box::pin(async move {
            let call = sqlx::query_as!(
                OutcomeRow,
                r#"SELECT outcome AS "outcome!", role, create_time, revision
                FROM todo.share_list($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
                share.by,
                key.list.uuid(),
                key.user,
                inbox.id.uuid(),
                inbox.display_name.as_str(),
                inbox.fingerprint.as_bytes(),
                role,
                max_members,
                max_lists,
            );
            Ok(call.fetch_optional(c).await?)
        })
    });
    row.await?.map_or(Ok(Shared::NotFound), |row| outcome(row, key))
}

fn outcome(row: OutcomeRow, key: MemberKey) -> Result<Shared, Error> {
    match row.outcome.as_str() {
        "done" | "unchanged" => Ok(Shared::Member(row.member(key)?)),
        "other" => Ok(Shared::Other(parse(&row.role.unwrap_or_default(), key.list)?)),
        "inbox" => Ok(Shared::Inbox),
        "gone" => Ok(Shared::Gone),
        "members" => Ok(Shared::Members),
        "lists" => Ok(Shared::Lists),
        // "invalid" among them: what was parsed passes every CHECK.
        _ => Err(corrupt("outcome", key.list)),
    }
}
