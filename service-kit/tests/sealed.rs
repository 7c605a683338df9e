//! Sealed tokens: each kind, caller, rpc and arguments of its own, and each kind its life.

use std::time::Duration;

use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::sealed::{InvalidToken, Scope, Tokens};
use service_kit::secret::Secret;
use time::macros::datetime;
use uuid::Uuid;

const LIFE: Duration = Duration::from_hours(1);
const SCOPE: Scope<'_> = Scope { caller: Uuid::nil(), rpc: "Read", arguments: b"all" };

fn tokens(purpose: &str, clock: &Clock) -> Tokens {
    let secret = Secret::from_hex(&"5e".repeat(32)).unwrap();
    Tokens::new(&secret, purpose, LIFE, clock.clone(), Entropy::seeded(1)).unwrap()
}

fn noon() -> Clock {
    Clock::manual(datetime!(2026-11-21 12:00 UTC))
}

#[test]
fn a_token_says_what_was_sealed_until_its_life_is_over() {
    let clock = noon();
    let tokens = tokens("page", &clock);
    let token = tokens.seal(SCOPE, &("place", 7));
    clock.advance(LIFE);
    assert_eq!(tokens.open(SCOPE, &token), Ok(("place".to_owned(), 7)));
    clock.advance(Duration::from_secs(1));
    assert_eq!(tokens.open::<(String, i32)>(SCOPE, &token), Err(InvalidToken::TooOld));
}

#[test]
fn a_token_of_a_clock_that_is_ahead_is_new() {
    let clock = noon();
    let token = tokens("page", &clock).seal(SCOPE, &7);
    assert_eq!(tokens("page", &Clock::manual(datetime!(2026-11-21 11:59 UTC))).open(SCOPE, &token), Ok(7));
}

#[test]
fn a_token_is_foreign_under_another_purpose_caller_rpc_or_arguments() {
    let clock = noon();
    let token = tokens("page", &clock).seal(SCOPE, &7);
    assert_eq!(tokens("sync", &clock).open::<i32>(SCOPE, &token), Err(InvalidToken::Foreign));
    let others = [
        Scope { caller: Uuid::max(), ..SCOPE },
        Scope { rpc: "Rea", ..SCOPE },
        Scope { arguments: b"none", ..SCOPE },
        // The end of one is not the beginning of the other.
        Scope { rpc: "Rea", arguments: b"dall", ..SCOPE },
    ];
    for other in others {
        assert_eq!(tokens("page", &clock).open::<i32>(other, &token), Err(InvalidToken::Foreign), "{other:?}");
    }
}

#[test]
fn a_token_that_says_something_else_is_foreign() {
    let tokens = tokens("page", &noon());
    let token = tokens.seal(SCOPE, &"a text");
    assert_eq!(tokens.open::<i32>(SCOPE, &token), Err(InvalidToken::Foreign));
}
