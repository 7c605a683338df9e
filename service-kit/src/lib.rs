//! What a service needs before it has a domain. Both services are built from it and so have one shape:
//! a configuration from the environment, one way to the database, one accept loop, one place that decides who may call,
//! one place that makes an error into a `Status`.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub mod access;
pub mod caller;
pub mod clock;
pub mod config;
pub mod entropy;
pub mod field;
pub mod page;
pub mod peer;
pub mod postgres;
pub mod process;
pub mod sealed;
pub mod secret;
pub mod serve;
pub mod status;
pub mod telemetry;
pub mod timestamp;
pub mod tls;
pub mod token;
