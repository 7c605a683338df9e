//! What is left to do here when auth-service has deleted a user.

use service_kit::postgres::{Database, Error};
use uuid::Uuid;

use crate::store::deletions as store;

/// Most todos that one transaction deletes: some ten milliseconds under the locks of their lists.
const AT_ONCE: i64 = 1_000;
/// Most users whose locks one transaction takes.
const USERS: usize = 100;

/// Takes everything of these users away. When it returns, the feed has been followed `up_to` this cursor.
pub async fn purge(database: &Database, users: &[Uuid], up_to: &str) -> Result<(), Error> {
    // The cursor moves with the last of them: after a crash in between, all are purged again.
    let (earlier, last) = users.split_at(users.len().saturating_sub(1) / USERS * USERS);
    for some in earlier.chunks(USERS) {
        while !store::purge(database, some.to_vec(), None, AT_ONCE).await? {}
    }
    while !store::purge(database, last.to_vec(), Some(up_to.to_owned()), AT_ONCE).await? {}
    Ok(())
}
