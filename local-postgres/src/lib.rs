//! A private Postgres server for `cargo xtask up` and for tests: TLS 1.3 only, log-in by client
//! certificate only, the roles and schemas of this system in place.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let cluster = local_postgres::Cluster::throwaway().await?;
//! let database = cluster.create_database(None).await?;
//! let mut connection = cluster.connect(&database.name, local_postgres::Role::TodoService).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The server is the one that `DATABASE_URL` names, or one that this crate starts from the
//! machine's own binaries, or from an archive that it fetches. A server that it started ends
//! with the process that started it, however that process ends.

mod account;
mod archive;
mod binaries;
mod cluster;
mod database;
mod files;
mod home;
mod leash;
mod postmaster;
mod server;
mod throwaway;

pub use cluster::Cluster;
pub use database::{Database, Role};
pub use leash::{Leash, Tether};
