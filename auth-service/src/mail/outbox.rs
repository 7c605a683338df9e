//! Where errands are left.

use std::sync::Arc;

use service_kit::entropy::Entropy;
use service_kit::postgres;
use service_kit::secret::{Sealer, Secret};
use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

use super::Errand;
use crate::store::{Connection, outbox as store};

/// The outbox in the database. Clones share its bell.
#[derive(Clone)]
pub struct Outbox {
    sealer: Arc<Sealer>,
    entropy: Entropy,
    bell: Arc<Notify>,
}

/// Why an errand was not left.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be sealed: a fault of ours.
    #[error("an errand cannot be sealed")]
    Unsealed,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] postgres::Error),
}

impl Outbox {
    /// With a key derived from the service's secret; `None` only if the cipher refuses it.
    #[must_use]
    pub fn new(secret: &Secret, entropy: Entropy) -> Option<Self> {
        Some(Self { sealer: Arc::new(secret.sealer("outbox")?), entropy, bell: Arc::default() })
    }

    /// Leaves an errand, in the transaction of its cause. [`Outbox::ring`] once that is committed.
    pub async fn leave(&self, c: &mut Connection, errand: &Errand, now: OffsetDateTime) -> Result<(), Error> {
        let id = self.entropy.id(now);
        let sealed =
            serde_json::to_vec(errand).ok().and_then(|plain| self.sealer.seal(&self.entropy, id.as_bytes(), &plain));
        let sealed = sealed.ok_or(Error::Unsealed)?;
        Ok(store::insert(c, &store::Entry { id, sealed, created: now, expires: now + errand.life() }).await?)
    }

    /// Wakes the postman of this process. If nobody rings, it looks by itself.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits for the bell; a ring that nobody heard counts.
    pub(super) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// The errand of this id; none if it was sealed under another key, or altered.
    pub(super) fn open(&self, id: Uuid, sealed: &[u8]) -> Option<Errand> {
        let plain = self.sealer.open(id.as_bytes(), sealed)?;
        serde_json::from_slice(&plain).ok()
    }
}
