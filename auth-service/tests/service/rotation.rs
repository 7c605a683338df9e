//! Keys are exchanged while every replica goes on, and no valid token is refused for it.

use std::time::Duration;

use auth_service::access_token;
use auth_service::signing_key::{Rotation, Schedule, Settings, Unrotated};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use futures_util::future::join_all;
use proto::auth::v1::LogOutRequest;
use proto::auth::v1::watch_security_events_response::Content;
use service_kit::postgres::Database;
use service_kit::secret::Secret;
use tonic::Code;

use crate::feed::followers::{Stream, watch};
use crate::system::{System, defaults, eventually, refused, secret, with_token};

/// Seconds.
const MONTH: u64 = 30 * 24 * 3600;
const LEAD: u64 = 600;
/// Of a retired key: the life of a token, the leeway for clocks, and the time for which keys may be cached.
const KEPT: u64 = 300 + 5 + 300;

impl System {
    fn rotation(&self) -> Rotation {
        self.rotation_under(&secret())
    }

    fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn rotation_under(&self, secret: &Secret) -> Rotation {
        let life = defaults::<access_token::Settings>().lifetime();
        let schedule = Schedule::new(&defaults::<Settings>(), life);
        Rotation::new(Database::new(&self.settings), secret, schedule, self.clock.clone(), self.entropy.clone())
            .unwrap()
    }

    /// Waits until this replica publishes so many keys.
    async fn publishes(&self, keys: usize) {
        eventually(async || self.signer.published().len() == keys).await;
    }

    /// The key that signs here.
    async fn signs_by(&self, name: &str) -> (String, String) {
        let token = self.log_in(name).await.access_token;
        let header = BASE64.decode(token.split('.').next().unwrap()).unwrap();
        let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
        (header["kid"].as_str().unwrap().to_owned(), token)
    }

    async fn changes(&self) -> Vec<String> {
        let changes = "SELECT details->>'change' FROM auth.events WHERE kind = 'keys_changed' ORDER BY at, id";
        sqlx::query_scalar(changes).fetch_all(&mut self.sql().await).await.unwrap()
    }
}

#[tokio::test]
async fn a_key_is_published_ten_minutes_before_it_signs_and_until_its_last_token_is_over() {
    let system = System::start().await;
    let rotation = system.rotation();
    system.user("alice").await;
    system.later(MONTH - LEAD - 1);
    rotation.keep_up().await.unwrap();
    assert!(system.changes().await.is_empty(), "not a moment too early");
    system.later(1);
    rotation.keep_up().await.unwrap();
    system.publishes(2).await;
    system.later(LEAD - 1);
    rotation.keep_up().await.unwrap();
    let (first, token) = system.signs_by("alice").await;
    system.later(1);
    rotation.keep_up().await.unwrap();
    eventually(async || system.signs_by("alice").await.0 != first).await;
    system.get(&token, "users/me").await.unwrap();
    system.later(KEPT - 1);
    rotation.keep_up().await.unwrap();
    assert_eq!(system.changes().await, ["published", "activated"]);
    system.later(1);
    rotation.keep_up().await.unwrap();
    system.publishes(1).await;
    assert_eq!(system.changes().await, ["published", "activated", "forgotten"]);
}

#[tokio::test]
async fn however_many_replicas_see_that_it_is_time_each_step_is_taken_once() {
    let system = System::start().await;
    for step in [MONTH - LEAD, LEAD] {
        system.later(step);
        let rotations: Vec<_> = (0..4).map(|_| system.rotation()).collect();
        join_all(rotations.iter().map(Rotation::keep_up)).await.into_iter().for_each(Result::unwrap);
    }
    assert_eq!(system.changes().await, ["published", "activated"]);
}

#[tokio::test]
async fn a_key_can_be_exchanged_before_its_time_but_not_faster_than_it_becomes_known() {
    let system = System::start().await;
    let rotation = system.rotation();
    rotation.rotate().await.unwrap();
    assert!(matches!(rotation.rotate().await, Err(Unrotated::Waiting(_))));
    system.later(LEAD);
    rotation.keep_up().await.unwrap();
    system.later(1);
    rotation.rotate().await.unwrap();
    assert_eq!(system.changes().await, ["published", "activated", "published"]);
}

#[tokio::test]
async fn tokens_by_a_revoked_key_are_refused_by_every_replica_and_another_key_signs() {
    let system = System::start().await;
    let (other, rotation) = (system.replica().await, system.rotation());
    system.user("alice").await;
    for waiting in [false, true] {
        if waiting {
            rotation.rotate().await.unwrap();
            system.publishes(2).await;
        }
        let (kid, token) = system.signs_by("alice").await;
        rotation.revoke(&kid).await.unwrap();
        for replica in [&system, &other] {
            eventually(async || replica.signer.published().iter().all(|key| key.kid != kid)).await;
            refused(replica.get(&token, "users/me").await, Code::Unauthenticated, "TOKEN_INVALID");
            let (next, token) = replica.signs_by("alice").await;
            assert_ne!(next, kid);
            replica.get(&token, "users/me").await.unwrap();
        }
    }
    assert!(matches!(rotation.revoke("nothing").await, Err(Unrotated::Unknown(_))));
}

/// The names of the next keys that a follower is told.
async fn keys(stream: &mut Stream) -> Vec<String> {
    loop {
        if let Some(Content::Keys(keys)) = stream.next().await.unwrap().content {
            return keys.keys.into_iter().map(|key| key.kid).collect();
        }
    }
}

#[tokio::test]
async fn followers_of_every_replica_are_told_the_keys_at_each_change() {
    let system = System::start().await;
    let (other, rotation) = (system.replica().await, system.rotation());
    let mut streams = [watch(&system, "").await.unwrap(), watch(&other, "").await.unwrap()];
    let mut before = Vec::new();
    for stream in &mut streams {
        before = keys(stream).await;
        stream.all().await;
    }
    rotation.rotate().await.unwrap();
    for stream in &mut streams {
        let told = keys(stream).await;
        assert!(told.len() == 2 && told.contains(&before[0]), "{told:?}");
    }
    rotation.revoke(&before[0]).await.unwrap();
    for stream in &mut streams {
        let told = keys(stream).await;
        assert!(told.len() == 1 && told != before);
    }
}

#[tokio::test]
async fn keys_under_another_key_file_leave_those_before_in_force_and_the_feed_goes_on() {
    let system = System::start().await;
    let mut stream = watch(&system, "").await.unwrap();
    let before = keys(&mut stream).await;
    let other = system.rotation_under(&Secret::from_hex(&"6".repeat(64)).unwrap());
    other.revoke(&before[0]).await.unwrap();
    assert_eq!(keys(&mut stream).await, before);
    let alice = system.somebody("alice").await;
    let log_out = with_token(&alice.access_token, LogOutRequest {});
    system.auth().log_out(log_out).await.unwrap();
    assert_eq!(stream.event().await.user, alice.user.unwrap().name);
}
