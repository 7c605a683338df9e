//! Statements on todos. Each takes a batch and answers its elements in their order, each by itself: a single call is a
//! batch of one, and calls that wait for the database together can be one batch.

mod change;
mod changes;
mod civil;
mod columns;
mod create;
mod export;
mod page;
mod read;
mod relocate;
mod row;

use service_kit::postgres::Error;

pub use self::change::{Changed, change, change_in};
pub use self::changes::changes;
pub use self::create::{Created, create, create_in, import};
pub use self::export::export;
pub use self::page::page;
pub use self::read::get;
pub use self::relocate::{Moved, Restored, relocate, restore};

/// The answers of `count` elements, each with its ordinal (from 1); an element without an answer keeps the default.
fn in_order<A: Default>(count: usize, answers: impl Iterator<Item = Result<(i64, A), Error>>) -> Result<Vec<A>, Error> {
    let mut ordered = Vec::new();
    ordered.resize_with(count, A::default);
    for answer in answers {
        let (ordinal, answer) = answer?;
        let place = usize::try_from(ordinal - 1).ok().and_then(|index| ordered.get_mut(index));
        if let Some(place) = place {
            *place = answer;
        }
    }
    Ok(ordered)
}
