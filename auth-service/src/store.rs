//! All SQL of this service.

mod row;

pub mod constraint;
pub mod events;
pub mod sessions;
pub mod signing_keys;
pub mod users;

/// The schema's history, applied by `auth-service migrate` as the migration role.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
