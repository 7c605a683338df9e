//! The exchange of keys: by time, and by an operator's hand. Replicas take turns by a lock, so each step is taken once.

use std::convert::Infallible;

use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::postgres::{self, Database};
use service_kit::secret::{Sealer, Secret};
use time::OffsetDateTime;

use super::{Error, Schedule, Sealed, Stage, Step, Stored, make};
use crate::event::{Event, Kind};
use crate::origin::Origin;
use crate::store::{Connection, events, signing_keys as store};

/// The longest time between two looks at the schedule.
const EVERY: std::time::Duration = std::time::Duration::from_secs(30);

/// Whoever exchanges keys.
pub struct Rotation {
    database: Database,
    sealer: Sealer,
    schedule: Schedule,
    clock: Clock,
    entropy: Entropy,
}

/// Why an operator's wish was not followed.
#[derive(Debug, thiserror::Error)]
pub enum Unrotated {
    /// The next key is published already.
    #[error("the key {0} waits already; it signs when it has been published for long enough")]
    Waiting(String),
    /// There is no key of this name.
    #[error("there is no key {0}")]
    Unknown(String),
    /// A key could not be made.
    #[error(transparent)]
    Keys(#[from] Error),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] postgres::Error),
}

impl Rotation {
    /// Of the keys in `database`, which are sealed under `secret`.
    pub fn new(
        database: Database,
        secret: &Secret,
        schedule: Schedule,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, Error> {
        let sealer = secret.sealer("signing-key").ok_or(Error::Unmade)?;
        Ok(Self { database, sealer, schedule, clock, entropy })
    }

    /// Follows the schedule until it is dropped.
    pub async fn run(self) -> Infallible {
        let often = std::time::Duration::try_from(self.schedule.lead() / 4).unwrap_or(EVERY).min(EVERY);
        loop {
            if let Err(error) = self.keep_up().await {
                tracing::warn!(%error, "the signing keys are not looked after");
            }
            tokio::time::sleep(often).await;
        }
    }

    /// Takes every step that is due.
    pub async fn keep_up(&self) -> Result<(), Unrotated> {
        while self.schedule.due(&store::all(&self.database).await?, self.clock.now()).is_some() {
            let (schedule, now) = (self.schedule, self.clock.now());
            // Another replica may have been first.
            self.act(move |keys| Ok(schedule.due(keys, now))).await?;
        }
        Ok(())
    }

    /// All keys, the oldest first.
    pub async fn keys(&self) -> Result<Vec<Stored>, Unrotated> {
        Ok(store::all(&self.database).await?)
    }

    /// Publishes the next key before its time; it signs after the usual lead.
    pub async fn rotate(&self) -> Result<(), Unrotated> {
        let waits = |stored: &&Stored| matches!(stored.stage, Stage::Pending { .. });
        self.act(move |keys| match keys.iter().find(waits) {
            Some(waiting) => Err(Unrotated::Waiting(waiting.key.kid.clone())),
            None => Ok(Some(Step::Publish)),
        })
        .await
    }

    /// Forgets a key at once: all tokens by it are over. If it signed, the next one does from now on, known or not.
    pub async fn revoke(&self, kid: &str) -> Result<(), Unrotated> {
        let kid = kid.to_owned();
        self.act(move |keys| {
            let known = keys.iter().any(|stored| stored.key.kid == kid);
            if known { Ok(Some(Step::Forget(kid))) } else { Err(Unrotated::Unknown(kid)) }
        })
        .await
    }

    /// Decides on a step while nobody else can take one, and takes it.
    async fn act<D>(&self, decide: D) -> Result<(), Unrotated>
    where
        D: FnOnce(&[Stored]) -> Result<Option<Step>, Unrotated> + Send + 'static,
    {
        let spare = make(&self.sealer, &self.entropy).ok_or(Error::Unmade)?;
        let (now, entropy) = (self.clock.now(), self.entropy.clone());
        self.database
            .transaction(move |c| {
                Box::pin(async move {
                    store::lock(c).await?;
                    let keys = store::all_in(c).await?;
                    let Some(step) = decide(&keys)? else { return Ok(()) };
                    let (what, kid) = take(c, &step, &keys, &spare, now).await?;
                    let event = Event::new(Kind::KeysChanged, &Origin::default(), &entropy, now);
                    events::record(c, &event.with("change", what).with("key", kid)).await?;
                    Ok(())
                })
            })
            .await
    }
}

/// Takes a step: what was done to which key. There is a key that signs afterwards.
async fn take(
    c: &mut Connection,
    step: &Step,
    keys: &[Stored],
    spare: &Sealed,
    now: OffsetDateTime,
) -> Result<(&'static str, String), postgres::Error> {
    match step {
        Step::Publish => {
            store::publish(c, spare, now).await?;
            Ok(("published", spare.kid.clone()))
        }
        Step::Activate(kid) => {
            store::retire(c, now).await?;
            store::activate(c, kid, now).await?;
            Ok(("activated", kid.clone()))
        }
        Step::Forget(kid) => {
            store::delete(c, kid).await?;
            if keys.iter().any(|stored| stored.key.kid == *kid && stored.stage.signs()) {
                let next = keys.iter().find(|stored| matches!(stored.stage, Stage::Pending { .. }));
                if next.is_none() {
                    store::publish(c, spare, now).await?;
                }
                store::activate(c, next.map_or(&spare.kid, |next| &next.key.kid), now).await?;
            }
            Ok(("forgotten", kid.clone()))
        }
    }
}
