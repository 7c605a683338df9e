//! The only source of wall-clock time. `clippy.toml` bans every other one, so that a test can move time
//! and no rule (expiry, rotation, retention) can read a clock behind its back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;

/// Tells the time, in UTC, to the microsecond (what Postgres stores: a value survives the round trip).
///
/// Clones share the source.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// How far the reading is moved from the machine's clock, or the reading itself when it stands still.
    source: Source,
}

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    /// Microseconds since the epoch; stands still until moved.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(start: OffsetDateTime) -> Self {
        Self { source: Source::Manual(Arc::new(AtomicI64::new(micros(start)))) }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        match &self.source {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
            Source::System => from_micros(micros(OffsetDateTime::now_utc())),
            Source::Manual(at) => from_micros(at.load(Ordering::SeqCst)),
        }
    }

    /// The present moment in whole seconds since the epoch, as JWTs count (RFC 7519, `NumericDate`).
    #[must_use]
    pub fn unix(&self) -> i64 {
        self.now().unix_timestamp()
    }

    /// Moves a manual clock forward; the machine's clock cannot be moved.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(at) = &self.source {
            at.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

fn from_micros(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
