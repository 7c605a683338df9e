//! Clocks that disagree by a minute: what callers then see. A clock that is behind by more than the leeway is a fault that
//! shows at once; one that is ahead costs a minute of each token's life; revocations reach either in time.

use std::time::Duration;

use e2e::refusal::told;
use e2e::{System, User};
use local_postgres::Cluster;
use proto::auth::v1::LogOutRequest;
use service_kit::clock::Clock;
use time::OffsetDateTime;
use time::macros::datetime;
use tonic::Code;

const NOON: OffsetDateTime = datetime!(2026-11-21 12:00 UTC);
const MINUTE: Duration = Duration::from_mins(1);

struct Bench {
    system: System,
    /// Of todo-service.
    clock: Clock,
    alice: User,
}

/// auth-service at noon, and todo-service so far from it.
async fn bench(off: time::Duration) -> Bench {
    let (auth, clock) = (Clock::manual(NOON), Clock::manual(NOON + off));
    let system = System::with_clocks(Cluster::throwaway().await.unwrap(), auth, clock.clone()).await;
    let alice = system.user("alice").await;
    Bench { system, clock, alice }
}

impl Bench {
    async fn told(&self) -> Option<(Code, String)> {
        self.alice.client.clone().create_todo("a todo").await.err().map(|status| told(&status))
    }

    /// Time passes, for both alike.
    fn pass(&self, time: Duration) {
        self.system.clock.advance(time);
        self.clock.advance(time);
    }

    /// Logs out, and waits until todo-service refuses.
    async fn is_out(&self) {
        self.alice.client.clone().auth.log_out(LogOutRequest {}).await.unwrap();
        let ended = Some((Code::Unauthenticated, "SESSION_ENDED".to_owned()));
        e2e::eventually("the session is over", async || self.told().await == ended).await;
    }
}

#[tokio::test]
async fn a_todo_service_that_is_a_minute_ahead_takes_tokens_for_a_minute_less() {
    let bench = bench(time::Duration::MINUTE).await;
    assert_eq!(bench.told().await, None);
    bench.pass(Duration::from_mins(3));
    assert_eq!(bench.told().await, None);
    bench.pass(MINUTE + Duration::from_secs(5));
    assert_eq!(bench.told().await, Some((Code::Unauthenticated, "TOKEN_EXPIRED".to_owned())));
}

#[tokio::test]
async fn a_todo_service_that_is_a_minute_behind_refuses_new_tokens_until_their_time_has_come() {
    let bench = bench(-time::Duration::MINUTE).await;
    assert_eq!(bench.told().await, Some((Code::Unauthenticated, "TOKEN_INVALID".to_owned())));
    bench.pass(Duration::from_secs(55));
    assert_eq!(bench.told().await, None);
    bench.pass(Duration::from_mins(4));
    assert_eq!(bench.told().await, None, "and takes them for a minute more");
}

#[tokio::test]
async fn who_logs_out_is_out_and_stays_out_whichever_clock_is_ahead() {
    for off in [time::Duration::MINUTE, -time::Duration::MINUTE] {
        let bench = bench(off).await;
        if off.is_negative() {
            bench.pass(MINUTE);
        }
        assert_eq!(bench.told().await, None);
        bench.is_out().await;
        for _ in 0..7 {
            bench.pass(MINUTE);
            assert!(bench.told().await.is_some());
        }
    }
}
