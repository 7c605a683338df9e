//! The keys in force: exchanged as a whole, while others sign and verify.

use std::sync::Arc;

use arc_swap::ArcSwap;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::postgres::Database;
use service_kit::secret::{Sealer, Secret};
use service_kit::token::{KeySet, Keys};

use super::{Error, KeyRing, make};
use crate::store::signing_keys as store;

/// The keys of a process. Clones share them.
#[derive(Clone)]
pub struct Keychain {
    database: Database,
    sealer: Arc<Sealer>,
    ring: Arc<ArcSwap<KeyRing>>,
    verifying: Keys,
}

impl Keychain {
    /// Loads the keys; on the first start of all, makes one. However many replicas start at once, the database keeps one
    /// key, and all of them load that one.
    pub async fn load(database: &Database, secret: &Secret, clock: &Clock, entropy: &Entropy) -> Result<Self, Error> {
        let sealer = secret.sealer("signing-key").ok_or(Error::Unmade)?;
        let ring = if let Some(ring) = KeyRing::open(&sealer, &store::all(database).await?)? {
            ring
        } else {
            store::offer(database, make(&sealer, entropy).ok_or(Error::Unmade)?, clock.now()).await?;
            KeyRing::open(&sealer, &store::all(database).await?)?.ok_or(Error::Missing)?
        };
        let verifying = Keys::default();
        verifying.replace(KeySet::new(ring.published())?);
        let (sealer, ring) = (Arc::new(sealer), Arc::new(ArcSwap::from_pointee(ring)));
        Ok(Self { database: database.clone(), sealer, ring, verifying })
    }

    /// The keys, as they are now.
    #[must_use]
    pub fn ring(&self) -> Arc<KeyRing> {
        self.ring.load_full()
    }

    /// The public ones, for a verifier, which sees every exchange.
    #[must_use]
    pub fn verifying(&self) -> Keys {
        self.verifying.clone()
    }

    /// Takes the keys as they stand in the database. What cannot be used leaves those before in force.
    pub async fn reload(&self) -> Result<(), Error> {
        let ring = KeyRing::open(&self.sealer, &store::all(&self.database).await?)?.ok_or(Error::Missing)?;
        // First what tokens are verified by, then what they are signed by.
        self.verifying.replace(KeySet::new(ring.published())?);
        self.ring.store(Arc::new(ring));
        Ok(())
    }
}
