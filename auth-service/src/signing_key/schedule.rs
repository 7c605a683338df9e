//! When a key is published, signs, and goes.

use service_kit::token::LEEWAY;
use time::{Duration, OffsetDateTime};

use super::Sealed;

/// How long keys may be cached by those who fetch them (GetJwks).
pub const CACHE: Duration = Duration::minutes(5);

/// How keys are exchanged.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Tokens")]
pub struct Settings {
    /// Days that a key signs before the next one takes its place
    #[arg(long, env = "SIGNING_KEY_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=365))]
    pub signing_key_days: u16,
    /// Seconds that a key is published before it signs: who fetches keys may cache them for five minutes
    #[arg(long, env = "SIGNING_KEY_LEAD_SECONDS", default_value_t = 600,
          value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub signing_key_lead_seconds: u32,
}

/// A key as it is stored.
pub struct Stored {
    /// The key.
    pub key: Sealed,
    /// Where it is in its life.
    pub stage: Stage,
}

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Published, so that everybody knows it when it signs.
    Pending {
        /// When it was made.
        since: OffsetDateTime,
    },
    /// Signing. There is one.
    Active {
        /// When it began to sign.
        since: OffsetDateTime,
    },
    /// Published, because tokens by it may be alive.
    Retired {
        /// When it ceased to sign.
        since: OffsetDateTime,
    },
}

impl Stage {
    /// Whether tokens are signed by it.
    #[must_use]
    pub fn signs(self) -> bool {
        matches!(self, Self::Active { .. })
    }
}

/// What is to be done about the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make the next key and publish it.
    Publish,
    /// Sign by this key from now on.
    Activate(String),
    /// Forget this key: no token by it is alive.
    Forget(String),
}

/// The times between.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    period: Duration,
    lead: Duration,
    kept: Duration,
}

impl Schedule {
    /// Of keys that sign tokens of this life.
    #[must_use]
    pub fn new(settings: &Settings, life: Duration) -> Self {
        Self {
            period: Duration::days(settings.signing_key_days.into()),
            lead: Duration::seconds(settings.signing_key_lead_seconds.into()),
            // A replica may sign by a key for a moment after another has retired it: the last term is ample for it.
            kept: life + Duration::seconds(LEEWAY) + CACHE,
        }
    }

    /// How long a key is published before it signs.
    #[must_use]
    pub fn lead(&self) -> Duration {
        self.lead
    }

    /// What is due, if anything.
    #[must_use]
    pub fn due(&self, keys: &[Stored], now: OffsetDateTime) -> Option<Step> {
        let waits = keys.iter().any(|stored| matches!(stored.stage, Stage::Pending { .. }));
        keys.iter().find_map(|Stored { key, stage }| match *stage {
            Stage::Pending { since } => (now >= since + self.lead).then(|| Step::Activate(key.kid.clone())),
            Stage::Active { since } => (!waits && now >= since + self.period - self.lead).then_some(Step::Publish),
            Stage::Retired { since } => (now >= since + self.kept).then(|| Step::Forget(key.kid.clone())),
        })
    }
}
