//! Reading todos with what no field says of them.

use service_kit::postgres::{Database, Error};
use uuid::Uuid;

use super::row::{ExportRow, todos};
use crate::list::ListId;
use crate::transfer::Departure;

/// Up to `rows` todos of a list that are not deleted, by position, from the one after `after` on: the position and the id. Of a
/// list that the user may not see: none.
pub async fn export(
    database: &Database,
    user: Uuid,
    list: ListId,
    after: Option<(String, Uuid)>,
    rows: i64,
) -> Result<Vec<Departure>, Error> {
    let (position, id) = after.unwrap_or_default();
    let rows = database.read(move |c| {
        Box::pin(async move {
            let query = todos!(
                ExportRow,
                "icalendar, parent_icalendar, ",
                "FROM (
                    SELECT t AS todo, t.icalendar, p.icalendar AS parent_icalendar
                    FROM todo.list_members m
                    JOIN todo.todos t ON t.list_id = m.list_id
                    LEFT JOIN todo.todos p ON p.list_id = t.list_id AND p.id = t.parent_id
                    WHERE m.user_id = $1 AND m.list_id = $2 AND t.delete_time IS NULL AND (t.position, t.id) > ($3, $4)
                    ORDER BY t.position, t.id LIMIT $5
                ) page",
                user,
                list.uuid(),
                position,
                id,
                rows,
            );
            Ok(query.fetch_all(c).await?)
        })
    });
    rows.await?.into_iter().map(departure).collect()
}

fn departure(mut row: ExportRow) -> Result<Departure, Error> {
    let (rest, parents_rest) = (row.icalendar.take(), row.parent_icalendar.take());
    Ok(Departure { todo: row.todo()?, rest: rest.unwrap_or_default(), parents_rest: parents_rest.unwrap_or_default() })
}
