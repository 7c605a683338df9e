//! Users who are gone, and how far that is known.

use service_kit::postgres::{Database, Error};
use uuid::Uuid;

/// Takes everything of these users away, at most `max_todos` todos in one transaction. True when nothing is left: then
/// the cursor, if there is one, is kept, in the same transaction.
pub async fn purge(
    database: &Database,
    users: Vec<Uuid>,
    up_to: Option<String>,
    max_todos: i64,
) -> Result<bool, Error> {
    let purged = database.write(move |c| {
        Box::pin(async move {
            let call =
                sqlx::query_scalar!(r#"SELECT todo.purge_users($1, $2, $3) AS "done!""#, &users, up_to, max_todos);
            Ok(call.fetch_one(c).await?)
        })
    });
    purged.await
}

/// How far the feed has been followed.
pub async fn cursor(database: &Database) -> Result<String, Error> {
    let read = database.read(move |c| {
        Box::pin(async move { Ok(sqlx::query_scalar!("SELECT followed_to FROM todo.feed").fetch_one(c).await?) })
    });
    read.await
}
