//! All SQL. The macros check it against the schema when it is compiled.

pub mod batches;
pub mod constraint;
pub mod deletions;
pub mod lists;
pub mod members;
pub mod purges;
pub mod todos;
pub mod watch;

use sqlx::migrate::Migrator;

/// The schema, step by step. Run as the role that owns it, `todo_migrator`.
pub static MIGRATOR: Migrator = sqlx::migrate!();
