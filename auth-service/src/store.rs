//! All SQL of this service.

mod row;

pub mod admins;
pub mod constraint;
pub mod consumers;
pub mod deletions;
pub mod devices;
pub mod emails;
pub mod events;
pub mod feed;
pub mod listing;
pub mod mail_allowances;
pub mod mail_tokens;
pub mod outbox;
pub mod passwords;
pub mod purges;
pub mod sessions;
pub mod sightings;
pub mod signing_keys;
pub mod throttles;
pub mod users;

/// A connection to the database, inside a unit of work.
pub use sqlx::PgConnection as Connection;

/// The schema's history, applied by `auth-service migrate` as the migration role.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
