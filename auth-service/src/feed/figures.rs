//! What an operator sees of the feed. What the database alone knows is infinite before the first look at it.

use time::Duration;

use super::{Feed, Position};

impl Feed {
    /// Streams that are open.
    #[must_use]
    pub fn followers(&self) -> f64 {
        let followers = self.batches.upgrade().map_or(0, |batches| batches.receiver_count());
        u32::try_from(followers).map_or(f64::INFINITY, f64::from)
    }

    /// The number of the last event.
    #[must_use]
    pub fn head(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 events")]
        self.last().map_or(f64::INFINITY, |position| position.head.get() as f64)
    }

    /// Seconds since the feed was last known to be complete.
    #[must_use]
    pub fn age(&self) -> f64 {
        self.last().map_or(f64::INFINITY, |position| (self.clock.now() - position.time).as_seconds_f64())
    }

    /// Seconds that the oldest of the events that were last numbered had waited for it.
    #[must_use]
    pub fn lag(&self) -> f64 {
        self.lag.borrow().max(Duration::ZERO).as_seconds_f64()
    }

    fn last(&self) -> Option<Position> {
        *self.position.borrow()
    }
}
