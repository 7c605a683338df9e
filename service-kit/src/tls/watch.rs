//! An identity that follows its files.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Error, ServerIdentity, Settings};

/// How often the files are looked at: polling works for mounted secrets and symlink swaps, where notification does not.
const LOOK: Duration = Duration::from_secs(1);

/// The identity in force, and the number of times that it changed.
#[derive(Clone)]
pub struct Reloading {
    current: Arc<ArcSwap<ServerIdentity>>,
    generation: watch::Receiver<u64>,
}

impl Reloading {
    /// Loads the identity, and until `stop` loads it again when a file changes. A bad new file keeps the old identity and
    /// says so; connections are told of a change and judge their peer again.
    pub fn start(settings: Settings, stop: CancellationToken) -> Result<Self, Error> {
        let current = Arc::new(ArcSwap::from_pointee(ServerIdentity::load(&settings)?));
        let (changed, generation) = watch::channel(0);
        tokio::spawn(follow(settings, Arc::clone(&current), changed, stop));
        Ok(Self { current, generation })
    }

    /// The identity in force.
    #[must_use]
    pub fn current(&self) -> Arc<ServerIdentity> {
        self.current.load_full()
    }

    /// Changes from now on.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        let mut changes = self.generation.clone();
        changes.mark_unchanged();
        changes
    }
}

async fn follow(
    settings: Settings,
    current: Arc<ArcSwap<ServerIdentity>>,
    changed: watch::Sender<u64>,
    stop: CancellationToken,
) {
    let mut seen = fingerprints(&settings);
    let mut tick = tokio::time::interval(LOOK);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        let now = fingerprints(&settings);
        if now == seen {
            continue;
        }
        seen = now;
        match ServerIdentity::load(&settings) {
            Ok(identity) => {
                current.store(Arc::new(identity));
                changed.send_modify(|generation| *generation += 1);
                tracing::info!("TLS files reloaded");
            }
            Err(error) => tracing::error!(%error, "the new TLS files are unusable: the old identity stays in force"),
        }
    }
}

/// What tells a changed file: its time of change and its length.
fn fingerprints(settings: &Settings) -> Vec<Option<(SystemTime, u64)>> {
    let fingerprint = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    settings.files().map(fingerprint).collect()
}
