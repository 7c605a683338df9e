//! The keys of access tokens: fetched from auth-service, and kept fresh in the background. No call waits for this.

use std::convert::Infallible;
use std::time::Duration;

use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::auth::v1::{GetJwksRequest, Jwks};
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::token::{Jwk, KeySet, Keys, UnusableKey};
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tonic::transport::Channel;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(2);
/// A key that is not known makes us ask at most this often: anybody can make up names of keys.
const UNKNOWN_EVERY: Duration = Duration::from_secs(30);
/// Bounds of the time between two fetches that succeed, whatever the answer says about its life.
const REFRESH: (Duration, Duration) = (Duration::from_secs(5), Duration::from_hours(1));
/// Bounds of the time before another try, which doubles.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// Keeps a set of keys fresh.
pub struct KeyFetcher {
    client: AuthServiceClient<Channel>,
    keys: Keys,
    clock: Clock,
    entropy: Entropy,
    fetched: watch::Sender<Option<OffsetDateTime>>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no answer in {PATIENCE:?}")]
    Slow(#[from] tokio::time::error::Elapsed),
    #[error(transparent)]
    Refused(#[from] Box<tonic::Status>),
    #[error(transparent)]
    Unusable(#[from] UnusableKey),
    #[error("the answer has no keys")]
    Empty,
}

impl KeyFetcher {
    /// Will fill `keys` from the auth-service at the other end of `channel`.
    #[must_use]
    pub fn new(channel: Channel, keys: Keys, clock: Clock, entropy: Entropy) -> Self {
        Self { client: AuthServiceClient::new(channel), keys, clock, entropy, fetched: watch::Sender::new(None) }
    }

    /// When keys were last fetched; `None` before the first time, when no token can be valid.
    #[must_use]
    pub fn fetched(&self) -> watch::Receiver<Option<OffsetDateTime>> {
        self.fetched.subscribe()
    }

    /// Fetches at once, then before each answer expires, and when a token names a key that is not known. After a failure the
    /// keys stay as they are. Runs until it is dropped.
    pub async fn run(mut self) -> Infallible {
        let mut failures = 0;
        loop {
            let began = Instant::now();
            let pause = match self.fetch().await {
                Ok(expires) => {
                    failures = 0;
                    self.fetched.send_replace(Some(self.clock.now()));
                    self.until_refresh(expires)
                }
                Err(failure) => {
                    failures += 1;
                    tracing::warn!(%failure, failures, "cannot fetch the keys of access tokens");
                    self.until_retry(failures)
                }
            };
            tokio::select! {
                () = sleep_until(began + pause) => {}
                () = self.heard_of_unknown_key(began) => {}
            }
        }
    }

    /// The bell is kept, not lost, while we do not listen.
    async fn heard_of_unknown_key(&self, last_fetch: Instant) {
        sleep_until(last_fetch + UNKNOWN_EVERY).await;
        self.keys.unknown().await;
    }

    /// Replaces the keys; returns until when they may be kept.
    async fn fetch(&mut self) -> Result<OffsetDateTime, Failure> {
        let answer = timeout(PATIENCE, self.client.get_jwks(GetJwksRequest {})).await?;
        let Jwks { keys, cache_expire_time, .. } = answer.map_err(Box::new)?.into_inner();
        if keys.is_empty() {
            return Err(Failure::Empty);
        }
        let keys: Vec<Jwk> = keys.into_iter().map(from_wire).collect();
        self.keys.replace(KeySet::new(&keys)?);
        let expires = cache_expire_time.and_then(|at| OffsetDateTime::from_unix_timestamp(at.seconds).ok());
        Ok(expires.unwrap_or(OffsetDateTime::UNIX_EPOCH))
    }

    /// Between a half and nine tenths of the remaining life, so that replicas do not ask together.
    fn until_refresh(&self, expires: OffsetDateTime) -> Duration {
        let life = Duration::try_from(expires - self.clock.now()).unwrap_or_default();
        life.mul_f64(0.5 + 0.4 * self.random()).clamp(REFRESH.0, REFRESH.1)
    }

    /// Between a half and the whole of a time that doubles with each failure.
    fn until_retry(&self, failures: u32) -> Duration {
        let (least, most) = RETRY;
        let whole = least.saturating_mul(2_u32.saturating_pow(failures - 1)).min(most);
        whole.mul_f64(0.5 + 0.5 * self.random())
    }

    /// From 0 to 1.
    fn random(&self) -> f64 {
        f64::from(u16::from_be_bytes(self.entropy.bytes())) / f64::from(u16::MAX)
    }
}

fn from_wire(key: proto::auth::v1::Jwk) -> Jwk {
    let proto::auth::v1::Jwk { kty, crv, alg, r#use, kid, x } = key;
    Jwk { kty, crv, alg, use_: r#use, kid, x }
}
