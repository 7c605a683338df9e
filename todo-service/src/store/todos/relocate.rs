//! Moving a todo, and bringing a deleted one back: one at a time, for there is more to lock than its row.

use service_kit::postgres::{Database, Error};
use uuid::Uuid;

use super::change::RETENTION;
use super::row::{RelocatedRow, corrupt, todos};
use crate::revision::Etag;
use crate::todo::{Move, Spot, Todo, TodoKey};

/// What became of a move.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every answer is a todo")]
pub enum Moved {
    /// The todo as it is now.
    Todo(Todo),
    /// It is not in the expected version.
    Mismatch,
    /// There is no such list to go to, or the user may not write to it.
    NoDestination,
    /// The todo that it should stand next to is not in that list.
    NoAnchor,
    /// That list has another todo of the same id.
    Taken,
    /// That list is full.
    Quota,
    /// There is no such todo, or it is deleted, or the user may not write to its list.
    NotFound,
}

/// What became of a todo that was to come back.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every answer is a todo")]
pub enum Restored {
    /// It is back.
    Todo(Todo),
    /// It is not deleted.
    Live,
    /// It is not in the expected version.
    Mismatch,
    /// The list is full.
    Quota,
    /// There is no such todo, or the user may not write to its list.
    NotFound,
}

/// Moves a todo, in its list or to another that may hold `max`.
pub async fn relocate(database: &Database, order: Move, max: u32) -> Result<Moved, Error> {
    let (side, anchor) = match order.spot {
        Spot::End => (1, None),
        Spot::Before(anchor) => (-1, Some(anchor)),
        Spot::After(anchor) => (1, Some(anchor)),
    };
    let moved = database.write(move |c| {
        Box::pin(async move {
            let call = todos!(
                RelocatedRow,
                r#"outcome AS "outcome!", "#,
                "FROM todo.move_todo($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                order.user,
                order.key.list.uuid(),
                order.key.id,
                order.list.uuid(),
                anchor,
                side,
                order.expected.map(|etag| etag.revision().count()),
                i64::from(max),
                RETENTION,
            );
            Ok(call.fetch_optional(c).await?)
        })
    });
    let Some(row) = moved.await? else { return Ok(Moved::NotFound) };
    match row.outcome.as_str() {
        "done" | "unchanged" => Ok(Moved::Todo(row.todo()?)),
        "mismatch" => Ok(Moved::Mismatch),
        "list" => Ok(Moved::NoDestination),
        "anchor" => Ok(Moved::NoAnchor),
        "taken" => Ok(Moved::Taken),
        "quota" => Ok(Moved::Quota),
        _ => Err(corrupt("outcome", order.key.id)),
    }
}

/// Brings a deleted todo back to a list that may hold `max`.
pub async fn restore(
    database: &Database,
    user: Uuid,
    key: TodoKey,
    expected: Option<Etag>,
    max: u32,
) -> Result<Restored, Error> {
    let restored = database.write(move |c| {
        Box::pin(async move {
            let call = todos!(
                RelocatedRow,
                r#"outcome AS "outcome!", "#,
                "FROM todo.undelete_todo($1, $2, $3, $4, $5)",
                user,
                key.list.uuid(),
                key.id,
                expected.map(|etag| etag.revision().count()),
                i64::from(max),
            );
            Ok(call.fetch_optional(c).await?)
        })
    });
    let Some(row) = restored.await? else { return Ok(Restored::NotFound) };
    match row.outcome.as_str() {
        "done" => Ok(Restored::Todo(row.todo()?)),
        "live" => Ok(Restored::Live),
        "mismatch" => Ok(Restored::Mismatch),
        "quota" => Ok(Restored::Quota),
        _ => Err(corrupt("outcome", key.id)),
    }
}
