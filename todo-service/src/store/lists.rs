//! Statements on lists and their members.

use service_kit::postgres::{Database, Error};
use sqlx::query_as;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::list::{List, ListId, NewList};
use crate::revision::Revision;

/// What became of a list that was to be made.
#[derive(Debug, PartialEq, Eq)]
pub enum Created {
    /// It is there, made now or by an earlier request that said the same.
    There,
    /// Its id is that of a list that another request made.
    Taken,
    /// The owner has as many as allowed.
    Quota,
    /// The owner has been deleted.
    Gone,
}

struct Row {
    id: Uuid,
    display_name: String,
    inbox: bool,
    revision: i64,
    live_count: i32,
    create_time: OffsetDateTime,
    update_time: OffsetDateTime,
}

impl From<Row> for List {
    fn from(row: Row) -> Self {
        Self {
            id: ListId::new(row.id),
            display_name: row.display_name,
            inbox: row.inbox,
            live_count: row.live_count,
            revision: Revision::new(row.revision),
            create_time: row.create_time,
            update_time: row.update_time,
        }
    }
}

/// Makes an inbox, unless it is there.
pub async fn ensure_inbox(database: &Database, inbox: NewList) -> Result<(), Error> {
    let ensured = database.write(move |c| {
        Box::pin(async move {
            let call = sqlx::query!(
                "SELECT FROM todo.ensure_inbox($1, $2, $3, $4)",
                inbox.owner,
                inbox.id.uuid(),
                inbox.display_name.as_str(),
                inbox.fingerprint.as_bytes(),
            );
            Ok(call.execute(c).await?)
        })
    });
    ensured.await.map(|_| ())
}

/// Makes a list. The owner's inbox must be there: its lock makes the count of lists exact.
pub async fn create(database: &Database, list: NewList, max: u32) -> Result<Created, Error> {
    let id = list.id.uuid();
    let outcome = database.write(move |c| {
        Box::pin(async move {
            let call = sqlx::query_scalar!(
                r#"SELECT todo.create_list($1, $2, $3, $4, $5, $6) AS "outcome!""#,
                list.owner,
                ListId::inbox_of(list.owner).uuid(),
                id,
                list.display_name.as_str(),
                list.fingerprint.as_bytes(),
                i64::from(max),
            );
            Ok(call.fetch_one(c).await?)
        })
    });
    match outcome.await?.as_str() {
        "done" | "repeated" => Ok(Created::There),
        "taken" => Ok(Created::Taken),
        "quota" => Ok(Created::Quota),
        "gone" => Ok(Created::Gone),
        _ => Err(Error::Corrupt { table: "todo.create_list", column: "outcome", id: id.to_string() }),
    }
}

/// The list, if the user is a member.
pub async fn get(database: &Database, user: Uuid, id: ListId) -> Result<Option<List>, Error> {
    let found = database.read(move |c| {
        Box::pin(async move {
            let query = query_as!(
                Row,
                "SELECT l.id, l.display_name, l.inbox, l.revision, l.live_count, l.create_time, l.update_time
                FROM todo.list_members m JOIN todo.lists l ON l.id = m.list_id
                WHERE m.user_id = $1 AND m.list_id = $2",
                user,
                id.uuid(),
            );
            Ok(query.fetch_optional(c).await?)
        })
    });
    Ok(found.await?.map(List::from))
}

/// Up to `rows` lists of which the user is a member, by id, from the one after `after` on.
pub async fn page(database: &Database, user: Uuid, after: Option<ListId>, rows: i64) -> Result<Vec<List>, Error> {
    let after = after.map_or(Uuid::nil(), ListId::uuid);
    let found = database.read(move |c| {
        Box::pin(async move {
            let query = query_as!(
                Row,
                "SELECT l.id, l.display_name, l.inbox, l.revision, l.live_count, l.create_time, l.update_time
                FROM todo.list_members m JOIN todo.lists l ON l.id = m.list_id
                WHERE m.user_id = $1 AND m.list_id > $2
                ORDER BY m.list_id LIMIT $3",
                user,
                after,
                rows,
            );
            Ok(query.fetch_all(c).await?)
        })
    });
    Ok(found.await?.into_iter().map(List::from).collect())
}
