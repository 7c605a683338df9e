//! What is refused costs next to nothing: less than a fourteenth of a hash, which is 1 ms where a hash is 14 ms. All that
//! a call costs here is on the test's own thread, its client and the encryption of its statements included. Without
//! optimisation, which in the dev profile the hash alone has, a third of a hash must do.

use std::time::Duration;

use argon2::Argon2;
use auth_service::password::{self, Password, PasswordHash};
use futures_util::FutureExt;
use rustix::time::{ClockId, clock_gettime};
use tonic::Code;

use crate::system::{PASSWORD, System, cheap_hashes, refused};

/// The part of a hash that a refusal may cost.
const SHARE: u32 = if cfg!(debug_assertions) { 3 } else { 14 };
const CALLS: u32 = 100;

/// What this thread has computed so far.
fn computed() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(spent.tv_sec.try_into().unwrap(), spent.tv_nsec.try_into().unwrap())
}

/// The least of ten hashes at the default cost.
fn hash() -> Duration {
    let mut runs: Vec<_> = (0..10)
        .map(|_| {
            let before = computed();
            let argon2 = Argon2::default();
            argon2.hash_password_into(PASSWORD.as_bytes(), b"a salt of a size", &mut [0; 32]).unwrap();
            computed().saturating_sub(before)
        })
        .collect();
    runs.sort();
    runs[0]
}

/// What a log-in by `name` costs that is refused for this reason.
async fn refusal(system: &System, name: &str, reason: &str) -> Duration {
    let before = computed();
    for _ in 0..CALLS {
        refused(system.try_log_in(name, PASSWORD).await, Code::ResourceExhausted, reason);
    }
    computed().saturating_sub(before) / CALLS
}

#[tokio::test]
async fn an_address_that_tries_too_often_costs_nothing() {
    let system = System::with_burst(1).await;
    assert!(system.refresh("no token").await.is_err());
    let cost = refusal(&system, "alice", "ADDRESS_THROTTLED").await;
    assert!(cost < hash() / SHARE, "{cost:?} of {:?}", hash());
}

#[tokio::test]
async fn a_guess_at_a_throttled_account_costs_nothing() {
    let system = System::start().await;
    for _ in 0..5 {
        assert!(system.try_log_in("alice", PASSWORD).await.is_err());
    }
    let cost = refusal(&system, "alice", "LOG_IN_THROTTLED").await;
    assert!(cost < hash() / SHARE, "{cost:?} of {:?}", hash());
}

#[tokio::test]
async fn a_log_in_that_is_shed_costs_nothing() {
    let narrow =
        password::Settings { hash_threads: 1.try_into().ok(), hash_queue: 1.try_into().unwrap(), ..cheap_hashes() };
    let system = System::with(narrow).await;
    // Seconds of work for the one thread, and one more piece for the queue.
    let long = "$argon2id$v=19$m=65536,t=10,p=4$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let mut waiting = Vec::new();
    let (mut spent, mut shed) = (Duration::ZERO, 0);
    while shed < CALLS {
        loop {
            let password = Password::presented(PASSWORD.to_owned()).unwrap();
            let mut job = Box::pin(system.hasher.compare(password, PasswordHash::from_phc(long)));
            if job.as_mut().now_or_never().is_some() {
                break;
            }
            waiting.push(job);
        }
        let before = computed();
        let refused = system.try_log_in(&format!("alice-{shed}"), PASSWORD).await.unwrap_err();
        if refused.code() == Code::ResourceExhausted {
            (spent, shed) = (spent + computed().saturating_sub(before), shed + 1);
        }
    }
    let cost = spent / CALLS;
    assert!(cost < hash() / SHARE, "{cost:?} of {:?}", hash());
}
