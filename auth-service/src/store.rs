//! All SQL of this service.

mod row;

pub mod constraint;
pub mod sessions;
pub mod signing_keys;
pub mod users;

/// The schema `auth`, step by step. Run by the role that owns it, which is not the one that serves.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
