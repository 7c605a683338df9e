//! Changing members.

use service_kit::postgres::{Database, Error};

use super::row::{OutcomeRow, corrupt, stored};
use crate::member::{Action, Change, Member, MemberKey};

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The member as they are now; one who is gone, as they were.
    Member(Member),
    /// There is no such member.
    Absent,
    /// They are not in the expected version.
    Mismatch,
    /// They are the owner, and stay.
    Owner,
    /// The list is an inbox.
    Inbox,
    /// There is no such list, or the caller may not do that.
    NotFound,
}

/// Changes a member.
pub async fn change(database: &Database, change: Change) -> Result<Changed, Error> {
    let (key, expected) = (change.key, change.expected.map(|etag| etag.revision().count()));
    let (action, role) = match change.action {
        Action::Role(role) => ("role", role.map(stored)),
        Action::Remove => ("remove", None),
        Action::Leave => ("leave", None),
    };
    let row = database.write(move |c| {
        Box::pin(async move {
            let call = sqlx::query_as!(
                OutcomeRow,
                r#"SELECT outcome AS "outcome!", role, create_time, revision
                FROM todo.change_member($1, $2, $3, $4, $5, $6)"#,
                change.by,
                key.list.uuid(),
                key.user,
                action,
                expected,
                role,
            );
            Ok(call.fetch_optional(c).await?)
        })
    });
    row.await?.map_or(Ok(Changed::NotFound), |row| outcome(row, key))
}

fn outcome(row: OutcomeRow, key: MemberKey) -> Result<Changed, Error> {
    match row.outcome.as_str() {
        "done" | "unchanged" => Ok(Changed::Member(row.member(key)?)),
        "absent" => Ok(Changed::Absent),
        "mismatch" => Ok(Changed::Mismatch),
        "owner" => Ok(Changed::Owner),
        "inbox" => Ok(Changed::Inbox),
        // "invalid" among them: what was parsed passes every CHECK.
        _ => Err(corrupt("outcome", key.list)),
    }
}
