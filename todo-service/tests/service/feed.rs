//! What the feed's follower makes of what auth-service says, and of silence.

use std::time::Duration;

use proto::auth::v1::SecurityEvent;
use proto::auth::v1::watch_security_events_response::Content;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::postgres::Database;
use service_kit::token::{Jwk, Keys, Rejection, Revocations, Verifier};
use time::macros::datetime;
use todo_service::grpc::feed::Follower;
use todo_service::store::deletions;
use tokio::time::Instant;
use uuid::Uuid;

use crate::support::auth::{Auth, Stream, bookmark, event, keys, snapshot};
use crate::support::database;
use crate::support::tokens::{Issuer, jwk, verifier};
use crate::support::world::World;

const LIFE: i64 = 300;

/// A follower at work, and both ends of it.
struct Bench {
    auth: Auth,
    clock: Clock,
    issuer: Issuer,
    revocations: Revocations,
    verifier: Verifier,
}

impl Bench {
    /// Without a database: nothing is purged.
    async fn start() -> Self {
        let settings = database::settings("nobody").await;
        Self::over(Database::new(&settings), Clock::manual(datetime!(2026-11-21 12:00 UTC)))
    }

    fn over(database: Database, clock: Clock) -> Self {
        let (auth, entropy) = (Auth::with_replicas(2), Entropy::seeded(7));
        let (keys, revocations) = (Keys::default(), Revocations::default());
        let (ours, upstream) = (revocations.clone(), auth.upstream());
        tokio::spawn(Follower::new(upstream, keys.clone(), ours, database, clock.clone(), entropy).run());
        let verifier = verifier(keys, clock.clone()).heeding(revocations.clone());
        Self { auth, issuer: Issuer::new(clock.clone()), clock, revocations, verifier }
    }

    /// A stream that has told all there is, in which nothing is revoked.
    async fn caught_up(&mut self) -> Stream {
        let stream = self.auth.stream().await;
        stream.say("", keys(&[self.issuer.jwk()], LIFE));
        stream.say("1", snapshot(&[], true));
        stream.say("1", bookmark());
        self.until(|bench| bench.revocations.heard() == Some(bench.clock.now())).await;
        stream
    }

    fn event(&self, user: Uuid) -> SecurityEvent {
        event(user, self.clock.unix())
    }

    /// Of the session that has the user's id.
    fn ended(&self, user: Uuid) -> SecurityEvent {
        SecurityEvent { ended_sessions: vec![format!("users/{user}/sessions/{user}")], ..self.event(user) }
    }

    fn refused(&self, user: Uuid) -> Option<Rejection> {
        self.verifier.verify(&self.issuer.token(user)).err()
    }

    /// Lets the others work until something holds.
    async fn until(&self, holds: impl Fn(&Self) -> bool) {
        for _ in 0..100_000 {
            if holds(self) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("it never held");
    }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

#[tokio::test]
async fn a_token_is_refused_once_its_session_has_ended() {
    let mut bench = Bench::start().await;
    let stream = bench.caught_up().await;
    assert_eq!(bench.refused(id(1)), None);
    stream.say("2", Content::Event(bench.ended(id(1))));
    bench.until(|bench| bench.refused(id(1)) == Some(Rejection::SessionEnded)).await;
    assert_eq!(bench.refused(id(2)), None);
}

#[tokio::test]
async fn a_raised_epoch_outdates_the_tokens_from_before() {
    let mut bench = Bench::start().await;
    let stream = bench.caught_up().await;
    stream.say("2", Content::Event(SecurityEvent { least_epoch: 1, ..bench.event(id(1)) }));
    bench.until(|bench| bench.refused(id(1)) == Some(Rejection::Expired)).await;
}

#[tokio::test]
async fn a_snapshot_in_parts_counts_when_the_last_has_come() {
    let mut bench = Bench::start().await;
    let stream = bench.caught_up().await;
    stream.say("2", Content::Event(bench.ended(id(3))));
    bench.until(|bench| bench.refused(id(3)).is_some()).await;
    stream.say("", snapshot(&[bench.ended(id(1))], false));
    stream.say("2", Content::Event(bench.ended(id(4))));
    bench.until(|bench| bench.refused(id(4)).is_some()).await;
    assert_eq!(bench.refused(id(1)), None, "half a snapshot is none");
    stream.say("3", snapshot(&[bench.ended(id(2))], true));
    bench.until(|bench| bench.refused(id(2)).is_some()).await;
    assert!(bench.refused(id(1)).is_some());
    assert_eq!(bench.refused(id(3)), None, "it stands in place of all that was known");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_goes_on_from_its_last_message_at_the_next_replica() {
    let mut bench = Bench::start().await;
    let stream = bench.caught_up().await;
    assert_eq!((stream.replica, stream.cursor.as_str()), (0, ""));
    stream.say("17", bookmark());
    stream.fails();
    let next = bench.auth.stream().await;
    assert_eq!((next.replica, next.cursor.as_str()), (1, "17"));
    assert_eq!(bench.refused(id(1)), None, "what is known stays meanwhile");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_within_a_snapshot_starts_anew() {
    let mut bench = Bench::start().await;
    let stream = bench.auth.stream().await;
    stream.say("", keys(&[bench.issuer.jwk()], LIFE));
    stream.say("", snapshot(&[bench.ended(id(1))], false));
    stream.fails();
    let next = bench.auth.stream().await;
    assert_eq!(next.cursor, "");
    next.say("5", snapshot(&[bench.ended(id(2))], true));
    next.say("5", bookmark());
    bench.until(|bench| bench.refused(id(2)) == Some(Rejection::SessionEnded)).await;
    assert_eq!(bench.refused(id(1)), None, "parts of two streams are no snapshot");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_silent_is_cut_off() {
    let mut bench = Bench::start().await;
    let _silent = bench.caught_up().await;
    let before = Instant::now();
    let next = bench.auth.stream().await;
    assert_eq!(next.replica, 1);
    let waited = before.elapsed();
    assert!(waited >= Duration::from_secs(5) && waited < Duration::from_secs(6), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn tries_that_fail_come_further_apart_up_to_half_a_second() {
    let mut bench = Bench::start().await;
    let mut longest = Duration::ZERO;
    for _ in 0..15 {
        let before = Instant::now();
        bench.auth.stream().await.fails();
        longest = longest.max(before.elapsed());
    }
    assert!(longest > Duration::from_millis(250) && longest <= Duration::from_millis(510), "{longest:?}");
}

#[tokio::test]
async fn no_token_passes_before_it_is_known_what_is_revoked() {
    let mut bench = Bench::start().await;
    let stream = bench.auth.stream().await;
    stream.say("", keys(&[bench.issuer.jwk()], LIFE));
    stream.say("1", snapshot(&[bench.ended(id(1))], true));
    bench.until(|bench| bench.revocations.size() == 1).await;
    assert_eq!(bench.refused(id(2)), Some(Rejection::NoKeys));
    stream.say("1", bookmark());
    bench.until(|bench| bench.refused(id(2)).is_none()).await;
    assert_eq!(bench.refused(id(1)), Some(Rejection::SessionEnded));
}

#[tokio::test]
async fn keys_that_are_told_replace_those_from_before() {
    let mut bench = Bench::start().await;
    let stream = bench.caught_up().await;
    let other = jwk("other", &aws_lc_rs::signature::Ed25519KeyPair::generate().unwrap());
    stream.say("1", keys(&[other], LIFE));
    bench.until(|bench| bench.refused(id(1)) == Some(Rejection::Invalid)).await;
}

#[tokio::test(start_paused = true)]
async fn keys_that_cannot_be_right_replace_nothing_and_end_the_stream() {
    for wrong in [vec![], vec![Jwk { crv: "X25519".into(), ..Issuer::new(Clock::system()).jwk() }]] {
        let mut bench = Bench::start().await;
        let stream = bench.caught_up().await;
        stream.say("2", keys(&wrong, LIFE));
        assert_eq!(bench.auth.stream().await.cursor, "1");
        assert_eq!(bench.refused(id(1)), None);
    }
}

#[tokio::test]
async fn a_deleted_user_is_purged_and_then_acknowledged_however_often_that_fails() {
    let world = World::new().await;
    let (mut gone, mut other) = (world.user(), world.user());
    gone.todo("lists/inbox", "gone").await;
    other.todo("lists/inbox", "kept").await;
    let mut bench = Bench::over(world.database.clone(), world.clock.clone());
    bench.auth.refuses_acknowledgements(2);
    let stream = bench.auth.stream().await;
    stream.say("", keys(&[bench.issuer.jwk()], LIFE));
    let deleted = SecurityEvent { user_deleted: true, ..bench.event(gone.id) };
    stream.say("8", snapshot(&[deleted], true));
    stream.say("8", bookmark());
    assert_eq!(bench.auth.acknowledged().await, "8");
    assert_eq!(bench.refused(gone.id), Some(Rejection::SessionEnded));
    assert_eq!(deletions::cursor(&world.database).await.unwrap(), "8");
    let todos: i64 =
        sqlx::query_scalar("SELECT count(*) FROM todo.todos").fetch_one(&mut world.admin().await).await.unwrap();
    assert_eq!(todos, 1);
}

#[tokio::test]
async fn auth_service_is_told_once_a_minute_how_far_the_feed_was_followed() {
    let world = World::new().await;
    let mut bench = Bench::over(world.database.clone(), world.clock.clone());
    let stream = bench.caught_up().await;
    assert_eq!(bench.auth.acknowledged().await, "1");
    world.clock.advance(Duration::from_secs(59));
    stream.say("2", bookmark());
    bench.until(|bench| bench.revocations.heard() == Some(bench.clock.now())).await;
    world.clock.advance(Duration::from_secs(1));
    stream.say("3", bookmark());
    assert_eq!(bench.auth.acknowledged().await, "3", "the second bookmark came too soon");
}

#[tokio::test]
async fn a_service_that_starts_makes_itself_known_although_nobody_was_deleted() {
    let world = World::new().await;
    let mut bench = Bench::over(world.database.clone(), world.clock.clone());
    bench.caught_up().await;
    assert_eq!(bench.auth.acknowledged().await, "1");
}
