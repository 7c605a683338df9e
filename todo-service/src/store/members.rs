//! Statements on the members of lists.

use service_kit::postgres::{Database, Error};
use uuid::Uuid;

use crate::list::ListId;
use crate::member::Role;

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

/// A role as it is stored.
pub(super) fn parse(stored: &str, list: ListId) -> Result<Role, Error> {
    match stored {
        "viewer" => Ok(Role::Viewer),
        "editor" => Ok(Role::Editor),
        "owner" => Ok(Role::Owner),
        _ => Err(Error::Corrupt { table: "todo.list_members", column: "role", id: list.uuid().to_string() }),
    }
}
