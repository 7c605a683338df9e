//! Statements on lists.

mod change;
mod create;
mod read;
mod row;

pub use self::change::{Changed, change};
pub use self::create::{Created, create, ensure_inbox};
pub use self::read::{get, page};
