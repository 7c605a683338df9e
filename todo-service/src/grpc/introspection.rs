//! What auth-service says about a token, asked when its feed has not been heard of for too long.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use lru::LruCache;
use parking_lot::Mutex;
use proto::auth::v1::IntrospectTokenRequest;
use service_kit::clock::Clock;
use service_kit::token;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::upstream::Upstream;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long an answer, or that there was none, holds: as long as a revocation may take to reach us.
const HOLDS: Duration = Duration::from_secs(1);
/// Answers that are kept.
const KEPT: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// What is known about a token that is valid by its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Its session and its user are good.
    Active,
    /// They are not.
    Inactive,
    /// Nobody answered.
    Unreachable,
}

/// Asks about tokens. Clones share the answers.
#[derive(Clone)]
pub struct Introspector(Arc<Inner>);

struct Inner {
    upstream: Upstream,
    clock: Clock,
    answers: Mutex<LruCache<[u8; 32], (OffsetDateTime, Answer)>>,
    /// When nobody answered last.
    unanswered: Mutex<Option<OffsetDateTime>>,
}

impl Introspector {
    /// Will ask `upstream`.
    #[must_use]
    pub fn new(upstream: Upstream, clock: Clock) -> Self {
        let answers = Mutex::new(LruCache::new(KEPT));
        Self(Arc::new(Inner { upstream, clock, answers, unanswered: Mutex::default() }))
    }

    /// What is known about a token, asked for at most once a second.
    pub(super) async fn ask(&self, presented: &str) -> Answer {
        let (inner, now) = (&self.0, self.0.clock.now());
        let fingerprint = token::fingerprint(presented);
        if let Some((at, answer)) = inner.answers.lock().get(&fingerprint).copied()
            && holds(at, now)
        {
            return answer;
        }
        // While nobody answers, one call a second finds that out, and the others do not wait for it.
        if inner.unanswered.lock().is_some_and(|at| holds(at, now)) {
            return Answer::Unreachable;
        }
        let answer = self.introspect(presented).await;
        if answer == Answer::Unreachable {
            *inner.unanswered.lock() = Some(now);
        } else {
            inner.answers.lock().put(fingerprint, (now, answer));
        }
        answer
    }

    async fn introspect(&self, token: &str) -> Answer {
        for _ in 0..self.0.upstream.replicas() {
            let Some(mut client) = self.0.upstream.tokens() else { break };
            let request = IntrospectTokenRequest { token: token.to_owned() };
            match timeout(PATIENCE, client.introspect_token(request)).await {
                Ok(Ok(answer)) => return if answer.get_ref().active { Answer::Active } else { Answer::Inactive },
                Ok(Err(status)) => tracing::warn!(code = ?status.code(), "auth-service does not introspect"),
                Err(_) => tracing::warn!("auth-service does not answer"),
            }
            self.0.upstream.fail_over();
        }
        Answer::Unreachable
    }
}

fn holds(at: OffsetDateTime, now: OffsetDateTime) -> bool {
    (at..at + HOLDS).contains(&now)
}
