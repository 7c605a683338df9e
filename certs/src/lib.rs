//! A small certificate authority for development and for tests.
//!
//! [`keep_fresh`] keeps a directory of certificates for one whole system: every service, a client,
//! the Postgres server and the database roles. [`Authority`] is what it stands on; tests use it to
//! make the certificates that must be refused (expired, another authority, another name).
//!
//! In production the same files come from the operator's own authority: the services only read
//! PEM files and never use this crate.

mod authority;
mod development;
mod files;
mod freshness;
mod leaf;
mod provision;
mod secret;

pub use authority::Authority;
pub use development::{LIFETIME, Outcome, RENEW_BEFORE, generate, keep_fresh};
pub use files::write_private;
pub use leaf::{Issued, Leaf, Usage};
pub use provision::{Reader, provision};
pub use secret::new_secret;

/// The trust domain of the SPIFFE names: `spiffe://todo.local/NAME`.
pub const TRUST_DOMAIN: &str = "todo.local";
