//! todo-service: owns lists and todos, and checks access tokens from memory.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub mod fingerprint;
pub mod grpc;
pub mod keys;
pub mod limits;
pub mod list;
pub mod page;
pub mod revision;
pub mod store;
pub mod todo;
