//! The services as a caller sees them, on a real Postgres.

#[path = "../support/mod.rs"]
mod support;

mod batches;
mod completing;
mod constraints;
mod deletions;
mod feed;
mod fields;
mod housekeeping;
mod inheritance;
mod list_changes;
mod lists;
mod members;
mod moves;
mod orders;
mod pages;
mod plans;
mod recurrences;
mod retries;
mod staleness;
mod sync;
mod todos;
mod transfer;
mod undelete;
mod updates;
mod watch;
mod whole_batches;
