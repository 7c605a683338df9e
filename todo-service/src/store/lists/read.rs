//! Reads: one plain statement each, with the membership in it. Nothing is locked.

use service_kit::postgres::{Database, Error};
use sqlx::{query_as, query_file_as};
use uuid::Uuid;

use super::row::Row;
use crate::list::{List, ListId};

/// The list, if the user is a member; a deleted one, if they are its owner.
pub async fn get(database: &Database, user: Uuid, id: ListId) -> Result<Option<List>, Error> {
    let found = database.read(move |c| {
        Box::pin(async move {
            let query = query_as!(
                Row,
                r#"SELECT id AS "id!", display_name AS "display_name!", inbox AS "inbox!", owner_id AS "owner_id!",
                    role AS "role!", revision AS "revision!", live_count AS "live_count!",
                    member_count AS "member_count!", create_time AS "create_time!", update_time AS "update_time!",
                    delete_time, purge_time
                FROM todo.list_seen_by($1, $2)"#,
                user,
                id.uuid(),
            );
            Ok(query.fetch_optional(c).await?)
        })
    });
    found.await?.map(Row::list).transpose()
}

/// Up to `rows` lists of which the user is a member, and if asked for those that they have deleted, by id, from the one
/// after `after` on.
pub async fn page(
    database: &Database,
    user: Uuid,
    deleted: bool,
    after: Option<ListId>,
    rows: i64,
) -> Result<Vec<List>, Error> {
    let after = after.map_or(Uuid::nil(), ListId::uuid);
    let found = database.read(move |c| {
        Box::pin(async move {
            let query = query_file_as!(Row, "src/store/lists/page.sql", user, after, rows, deleted);
            Ok(query.fetch_all(c).await?)
        })
    });
    found.await?.into_iter().map(Row::list).collect()
}
