//! Reads: one plain statement each, with the reader's own membership in it.

use service_kit::postgres::{Database, Error};
use sqlx::query_as;
use uuid::Uuid;

use super::row::{Row, parse};
use crate::list::ListId;
use crate::member::{Member, Role};

/// What the user may do with the list; `None` if they are no member.
pub async fn role(database: &Database, user: Uuid, list: ListId) -> Result<Option<Role>, Error> {
    let found = database.read(move |c| {
        Box::pin(async move {
            let query = sqlx::query_scalar!(
                "SELECT role FROM todo.list_members WHERE user_id = $1 AND list_id = $2",
                user,
                list.uuid(),
            );
            Ok(query.fetch_optional(c).await?)
        })
    });
    found.await?.map(|stored| parse(&stored, list)).transpose()
}

/// Up to `rows` members of the list, by user, from the one after `after` on. Of a list that the user may not see: none.
pub async fn page(
    database: &Database,
    user: Uuid,
    list: ListId,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<Member>, Error> {
    let found = database.read(move |c| {
        Box::pin(async move {
            let query = query_as!(
                Row,
                "SELECT m.user_id, m.role, m.create_time, m.revision
                FROM todo.list_members own JOIN todo.list_members m ON m.list_id = own.list_id
                WHERE own.user_id = $1 AND own.list_id = $2 AND ($3::uuid IS NULL OR m.user_id > $3)
                ORDER BY m.user_id LIMIT $4",
                user,
                list.uuid(),
                after as Option<Uuid>,
                rows,
            );
            Ok(query.fetch_all(c).await?)
        })
    });
    found.await?.into_iter().map(|row| row.member(list)).collect()
}
