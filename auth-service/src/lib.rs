//! auth-service

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub mod access_token;
pub mod accounts;
pub mod grpc;
pub mod password;
pub mod session;
pub mod sessions;
pub mod signing_key;
pub mod store;
pub mod user;
