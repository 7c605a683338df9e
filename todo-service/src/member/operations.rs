//! One call each.

use service_kit::postgres::{self, Database};
use uuid::Uuid;

use super::Role;
use crate::list::ListId;
use crate::store;

/// What the user may do with the list, if they are a member. Asked where a write found nothing, to say why: the answer may
/// be newer than the write.
pub(crate) async fn role(database: &Database, user: Uuid, list: ListId) -> Result<Option<Role>, postgres::Error> {
    store::members::role(database, user, list).await
}
