//! Changing lists themselves.

use service_kit::postgres::{Database, Error};
use sqlx::postgres::types::PgInterval;

use super::row::OutcomeRow;
use crate::list::{Action, Change, DisplayName, List};

/// How long a deleted list can still be brought back, in days. The API documents it.
const RETENTION_DAYS: i32 = 30;

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The list as it is now. If there was nothing to change, its revision is the one that it had.
    List(List),
    /// It is not in the expected version.
    Mismatch,
    /// It is deleted.
    Deleted,
    /// It cannot be undeleted.
    NotDeleted,
    /// It is an inbox.
    Inbox,
    /// The owner sees as many lists as allowed.
    Quota,
    /// Its members changed meanwhile: to be asked again.
    Again,
    /// There is no such list, or it is not the user's.
    NotFound,
}

/// Changes a list whose owner may see `max` lists.
pub async fn change(database: &Database, change: &Change, max: u32) -> Result<Changed, Error> {
    let (user, id, expected) = (change.user, change.id.uuid(), change.expected.map(|etag| etag.revision().count()));
    let (action, name) = match &change.action {
        Action::Rename(name) => ("rename", name.as_ref()),
        Action::Delete => ("delete", None),
        Action::Undelete => ("undelete", None),
    };
    let name = name.map(DisplayName::as_str).map(str::to_owned);
    let row = database.write(move |c| {
        Box::pin(async move {
            let call = sqlx::query_as!(
                OutcomeRow,
                r#"SELECT outcome AS "outcome!", id AS "id!", display_name AS "display_name!", inbox AS "inbox!",
                    owner_id AS "owner_id!", role AS "role!", revision AS "revision!", live_count AS "live_count!",
                    member_count AS "member_count!", create_time AS "create_time!", update_time AS "update_time!",
                    delete_time, purge_time
                FROM todo.change_list($1, $2, $3, $4, $5, $6, $7)"#,
                user,
                id,
                action,
                expected,
                name,
                PgInterval { months: 0, days: RETENTION_DAYS, microseconds: 0 },
                i64::from(max),
            );
            Ok(call.fetch_optional(c).await?)
        })
    });
    row.await?.map_or(Ok(Changed::NotFound), outcome)
}

fn outcome(row: OutcomeRow) -> Result<Changed, Error> {
    match row.outcome.as_str() {
        "done" | "unchanged" => Ok(Changed::List(row.list()?)),
        "mismatch" => Ok(Changed::Mismatch),
        "deleted" => Ok(Changed::Deleted),
        "not_deleted" => Ok(Changed::NotDeleted),
        "inbox" => Ok(Changed::Inbox),
        "quota" => Ok(Changed::Quota),
        "again" => Ok(Changed::Again),
        // "invalid" among them: what was parsed passes every CHECK.
        _ => Err(Error::Corrupt { table: "todo.change_list", column: "outcome", id: row.id.to_string() }),
    }
}
