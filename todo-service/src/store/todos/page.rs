//! Reading todos a page at a time.

use service_kit::postgres::{Database, Error};
use time::{Date, PrimitiveDateTime};
use uuid::Uuid;

use super::civil;
use super::row::{PageRow, stored, todos};
use crate::todo::query::{Filter, Place, Query, SortKey};
use crate::todo::{Day, Due, Parent, Todo};

/// Up to `rows` todos of a query, from the one after a place on; each with its own place. Of a list that the user may not
/// see: none.
pub async fn page(
    database: &Database,
    query: Query,
    after: Option<Place>,
    rows: i64,
) -> Result<Vec<(Place, Todo)>, Error> {
    let (first, last) = match query.parent {
        Parent::One(list) => (list.uuid(), list.uuid()),
        Parent::All => (Uuid::nil(), Uuid::max()),
    };
    let filtered = query.filter.is_some();
    let Filter { state, due_from, due_until, priorities, labels, phrase, changed_since } =
        query.filter.unwrap_or_default();
    let priorities: Vec<i16> = priorities.into_iter().map(|priority| priority.get().into()).collect();
    let found = database.read(move |c| {
        Box::pin(async move {
            let call = todos!(
                PageRow,
                r#"sort_key AS "sort_key!", "#,
                r"FROM todo.page_of_todos($1, $2, $3,
                    CASE WHEN $4 THEN ROW($5, $6, $7, nullif($8::smallint[], '{}'), nullif(string_to_array($9, E'\x1f'), '{}'),
                        $10, $11)::todo.todo_filter END,
                    $12, $13, $14, $15, $16, $17, $18)",
                query.user,
                first,
                last,
                filtered,
                state.map(stored),
                due_from.and_then(date),
                due_until.and_then(date),
                &priorities,
                labels.joined(),
                phrase,
                changed_since,
                query.with_deleted,
                sorted_by(query.order.by),
                query.order.descending,
                after.as_ref().map(|place| place.key.as_str()),
                after.as_ref().map(|place| place.list),
                after.as_ref().map(|place| place.id),
                rows,
            );
            Ok(call.fetch_all(c).await?)
        })
    });
    found.await?.into_iter().map(placed).collect()
}

fn placed(mut row: PageRow) -> Result<(Place, Todo), Error> {
    let key = std::mem::take(&mut row.sort_key);
    let todo = row.todo()?;
    Ok((Place { key, list: todo.key.list.uuid(), id: todo.key.id }, todo))
}

fn date(day: Day) -> Option<Date> {
    civil::store(Due::Date(day).civil()).map(PrimitiveDateTime::date)
}

/// As `todo.page_of_todos` calls it.
fn sorted_by(key: SortKey) -> &'static str {
    match key {
        SortKey::Position => "position",
        SortKey::Due => "due",
        SortKey::Priority => "priority",
        SortKey::CreateTime => "create_time",
        SortKey::UpdateTime => "update_time",
    }
}
