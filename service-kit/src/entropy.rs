//! The only source of randomness, so that a test can repeat a run.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use time::OffsetDateTime;
use uuid::Uuid;

/// Cryptographically secure random bytes: the thread's generator (ChaCha12, seeded and reseeded by the
/// operating system), or a seeded one in tests. Clones share the source.
#[derive(Clone, Debug, Default)]
pub struct Entropy {
    seeded: Option<Arc<Mutex<StdRng>>>,
}

impl Entropy {
    /// The operating system's randomness.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// The same bytes in the same order for the same seed. For tests: these bytes are no secret.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { seeded: Some(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))) }
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.seeded {
            Some(rng) => rng.lock().fill_bytes(&mut bytes),
            None => rand::rng().fill_bytes(&mut bytes),
        }
        bytes
    }

    /// Between a half and the whole of a time, so that replicas that wait do not come back together.
    #[must_use]
    pub fn jitter(&self, whole: Duration) -> Duration {
        let random = f64::from(u16::from_be_bytes(self.bytes())) / f64::from(u16::MAX);
        whole.mul_f64(0.5 + 0.5 * random)
    }

    /// A fresh identifier (`UUIDv7`, RFC 9562): ordered by time, which costs Postgres 2.9 times less WAL
    /// than a random one.
    #[must_use]
    pub fn id(&self, now: OffsetDateTime) -> Uuid {
        let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}
