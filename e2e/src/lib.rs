//! The harness of the end-to-end tests: both services, a Postgres of their own, real mutual TLS, clients that are roles.

pub mod boundary;
mod calls;
pub mod client;
pub mod fleet;
pub mod identities;
pub mod mailbox;
pub mod probes;
pub mod process;
pub mod raw;
pub mod refusal;
pub mod rules;
pub mod scene;
pub mod secrets;
pub mod settings;
pub mod stage;
pub mod system;
pub mod wire;

pub use client::{Client, User};
pub use fleet::Fleet;
pub use system::System;

/// Waits until `holds`; fails when it does not within ten seconds.
///
/// # Panics
/// When it does not hold in time.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let poll = async {
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(20));
        while !holds().await {
            tick.tick().await;
        }
    };
    let held = tokio::time::timeout(std::time::Duration::from_secs(10), poll).await;
    assert!(held.is_ok(), "not in time: {what}");
}
