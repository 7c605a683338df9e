//! Making lists.

use service_kit::postgres::{Database, Error};
use uuid::Uuid;

use crate::list::{ListId, NewList};

/// What became of a list that was to be made.
#[derive(Debug, PartialEq, Eq)]
pub enum Created {
    /// It is there, made now or by an earlier request that said the same.
    There,
    /// Its id is that of a list that another request made.
    Taken,
    /// The owner sees as many as allowed.
    Quota,
    /// The owner has been deleted.
    Gone,
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
        _ => Err(corrupt(id)),
    }
}

/// An outcome that the code does not know.
fn corrupt(id: Uuid) -> Error {
    Error::Corrupt { table: "todo.create_list", column: "outcome", id: id.to_string() }
}
