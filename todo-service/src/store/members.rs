//! Statements on the members of lists.

mod change;
mod read;
mod row;
mod share;

pub use self::change::{Changed, change};
pub use self::read::{page, role};
pub(super) use self::row::parse;
pub use self::share::{Shared, share};
