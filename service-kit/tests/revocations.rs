//! What the view of revocations answers through the verifier: at once, for one life of a token, and no longer.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use proptest::prelude::*;
use serde_json::json;
use service_kit::clock::Clock;
use service_kit::token::{Jwk, KeySet, Keys, Rejection, Revocation, Revocations, Settings, Verifier};
use time::OffsetDateTime;
use uuid::Uuid;

const LIFE: Duration = Duration::from_mins(5);

struct Bench {
    key: Ed25519KeyPair,
    clock: Clock,
    revocations: Revocations,
    verifier: Verifier,
}

impl Bench {
    fn new() -> Self {
        let key = Ed25519KeyPair::generate().unwrap();
        let keys = Keys::default();
        let [kty, crv, alg, use_, kid] = ["OKP", "Ed25519", "EdDSA", "sig", "k1"].map(str::to_owned);
        let x = BASE64.encode(key.public_key().as_ref());
        keys.replace(KeySet::new(&[Jwk { kty, crv, alg, use_, kid, x }]).unwrap());
        let clock = Clock::manual(OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap());
        let (token_issuer, token_audience) = ("issuer".to_owned(), "audience".to_owned());
        let settings = Settings { token_issuer, token_audience, token_cache: NonZeroUsize::new(16).unwrap() };
        let revocations = Revocations::default();
        revocations.set_life(LIFE);
        let verifier = Verifier::new(&settings, keys, clock.clone()).heeding(revocations.clone());
        Self { key, clock, revocations, verifier }
    }

    /// A token signed now, good for one life.
    fn token(&self, user: Uuid, session: Uuid, epoch: i64) -> String {
        let now = self.clock.unix();
        let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "k1"});
        let claims = json!({
            "iss": "issuer", "aud": "audience", "sub": user, "sid": session, "jti": session, "roles": [],
            "epoch": epoch, "iat": now, "nbf": now, "exp": now + LIFE.as_secs().cast_signed(),
        });
        let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        format!("{signed}.{}", BASE64.encode(self.key.sign(signed.as_bytes())))
    }

    fn revoke(&self, revocation: Revocation) {
        let now = self.clock.now();
        self.revocations.extend([(now, revocation)], now);
    }

    fn told_nothing_new(&self) {
        self.revocations.confirm(self.clock.now());
    }

    fn refused(&self, token: &str) -> Option<Rejection> {
        self.verifier.verify(token).err()
    }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

#[test]
fn a_token_that_was_good_a_moment_ago_is_refused_once_its_session_is_revoked() {
    let bench = Bench::new();
    let (token, other) = (bench.token(id(1), id(2), 0), bench.token(id(1), id(3), 0));
    assert_eq!(bench.refused(&token), None);
    bench.revoke(Revocation::Session(id(2)));
    assert_eq!(bench.refused(&token), Some(Rejection::SessionEnded));
    assert_eq!(bench.refused(&other), None, "another session of the same user goes on");
}

#[test]
fn a_raised_epoch_makes_older_tokens_ask_for_a_refresh_and_lets_newer_ones_pass() {
    let bench = Bench::new();
    let (old, new) = (bench.token(id(1), id(2), 4), bench.token(id(1), id(2), 5));
    bench.revoke(Revocation::Epoch(id(1), 5));
    assert_eq!(bench.refused(&old), Some(Rejection::Expired));
    assert_eq!(bench.refused(&new), None);
}

#[test]
fn an_epoch_heard_late_does_not_lower_a_newer_one() {
    let bench = Bench::new();
    let token = bench.token(id(1), id(2), 4);
    bench.revoke(Revocation::Epoch(id(1), 5));
    bench.clock.advance(LIFE / 4);
    bench.revoke(Revocation::Epoch(id(1), 3));
    assert_eq!(bench.refused(&token), Some(Rejection::Expired));
}

#[test]
fn no_token_of_a_deleted_user_passes_whatever_its_epoch() {
    let bench = Bench::new();
    let token = bench.token(id(1), id(2), i64::MAX - 1);
    bench.revoke(Revocation::User(id(1)));
    assert_eq!(bench.refused(&token), Some(Rejection::SessionEnded));
}

#[test]
fn a_replaced_view_forgets_what_it_does_not_say() {
    let bench = Bench::new();
    let (first, second) = (bench.token(id(1), id(2), 0), bench.token(id(1), id(3), 0));
    bench.revoke(Revocation::Session(id(2)));
    let now = bench.clock.now();
    bench.revocations.replace([(now, Revocation::Session(id(3)))], now);
    assert_eq!(bench.refused(&first), None);
    assert_eq!(bench.refused(&second), Some(Rejection::SessionEnded));
}

#[test]
fn what_is_revoked_is_forgotten_only_after_the_last_token_has_expired() {
    let bench = Bench::new();
    let token = bench.token(id(1), id(2), 0);
    bench.revoke(Revocation::Session(id(2)));
    for _ in 0..305 {
        assert_eq!(bench.refused(&token), Some(Rejection::SessionEnded));
        bench.clock.advance(Duration::from_secs(1));
        bench.told_nothing_new();
    }
    assert_eq!(bench.refused(&token), Some(Rejection::Expired), "by its own time");
    bench.clock.advance(Duration::from_secs(10));
    bench.told_nothing_new();
    assert_eq!(bench.revocations.size(), 0);
}

#[test]
fn the_memory_holds_no_more_than_a_life_and_an_eighth() {
    let bench = Bench::new();
    for number in 0..2_000 {
        bench.revoke(Revocation::Session(id(number)));
        bench.clock.advance(Duration::from_secs(1));
    }
    // 300 seconds of life, 10 of margin, 38 of the slice that leaves next.
    assert!(bench.revocations.size() <= 348, "{}", bench.revocations.size());
}

#[test]
fn whoever_waits_is_told_of_a_revocation_and_not_of_silence() {
    let bench = Bench::new();
    let mut changes = bench.revocations.changes();
    bench.told_nothing_new();
    assert!(!changes.has_changed().unwrap());
    bench.revoke(Revocation::Session(id(1)));
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
}

proptest! {
    /// Against the plainest statement of what is promised: a map of everything that was ever said.
    #[test]
    fn a_token_is_refused_exactly_if_something_said_in_its_life_ends_it(
        steps in prop::collection::vec((0_u128..6, 0_u128..6, 0_i64..4, 0_u8..4, 0_u64..200), 1..60)
    ) {
        let bench = Bench::new();
        let (mut sessions, mut epochs) = (HashSet::new(), HashMap::<Uuid, i64>::new());
        let mut tokens = Vec::new();
        for (user, session, epoch, kind, seconds) in steps {
            let (user, session) = (id(user), id(100 + session));
            match kind {
                0 => {
                    // A session that has ended, or an epoch that is over, gets no more tokens.
                    if !sessions.contains(&session) && epochs.get(&user).is_none_or(|least| epoch >= *least) {
                        tokens.push((bench.token(user, session, epoch), bench.clock.unix(), user, session, epoch));
                    }
                }
                1 => {
                    bench.revoke(Revocation::Session(session));
                    sessions.insert(session);
                }
                2 => {
                    bench.revoke(Revocation::Epoch(user, epoch));
                    let least = epochs.entry(user).or_insert(epoch);
                    *least = epoch.max(*least);
                }
                _ => bench.told_nothing_new(),
            }
            bench.clock.advance(Duration::from_secs(seconds));
            for (token, issued, user, session, epoch) in &tokens {
                let expired = bench.clock.unix() >= issued + 305;
                let revoked = sessions.contains(session) || epochs.get(user).is_some_and(|least| epoch < least);
                prop_assert_eq!(bench.refused(token).is_some(), expired || revoked);
            }
        }
    }
}
