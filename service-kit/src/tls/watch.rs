//! An identity that follows its files.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Error, ServerIdentity, Settings};
use crate::telemetry::metrics::Metrics;

/// How often the files are looked at: polling works for mounted secrets and symlink swaps, where notification does not.
const LOOK: Duration = Duration::from_secs(1);

/// The identity in force, and the number of times that it changed.
#[derive(Clone)]
pub struct Reloading {
    current: Arc<ArcSwap<ServerIdentity>>,
    generation: watch::Receiver<u64>,
}

impl Reloading {
    /// Loads the identity, and until `stop` loads it again when a file changes. A bad new file keeps the old identity,
    /// says so and is counted; connections are told of a change and judge their peer again.
    pub fn start(settings: Settings, metrics: Arc<Metrics>, stop: CancellationToken) -> Result<Self, Error> {
        // Taken first, so that a change while the files are read shows at the next look.
        let seen = fingerprints(&settings);
        let current = Arc::new(ArcSwap::from_pointee(ServerIdentity::load(&settings)?));
        let (changed, generation) = watch::channel(0);
        let watch = Watch { settings, seen, current: Arc::clone(&current), changed, metrics };
        tokio::spawn(async move { stop.run_until_cancelled(watch.follow()).await });
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

/// The look-out for changes.
struct Watch {
    settings: Settings,
    seen: Fingerprints,
    current: Arc<ArcSwap<ServerIdentity>>,
    changed: watch::Sender<u64>,
    metrics: Arc<Metrics>,
}

impl Watch {
    async fn follow(mut self) {
        let mut tick = tokio::time::interval(LOOK);
        loop {
            tick.tick().await;
            let now = fingerprints(&self.settings);
            if now != self.seen {
                self.seen = now;
                self.reload();
            }
        }
    }

    fn reload(&self) {
        let loaded = ServerIdentity::load(&self.settings);
        self.metrics.tls_reloaded(loaded.is_ok());
        match loaded {
            Ok(identity) => {
                self.current.store(Arc::new(identity));
                self.changed.send_modify(|generation| *generation += 1);
                tracing::info!("TLS files reloaded");
            }
            Err(error) => tracing::error!(%error, "the new TLS files are unusable: the old identity stays in force"),
        }
    }
}

/// One a file; `None` for a file that is not there.
type Fingerprints = Vec<Option<(SystemTime, u64)>>;

/// What tells a changed file: its time of change and its length.
fn fingerprints(settings: &Settings) -> Fingerprints {
    let fingerprint = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    settings.files().map(fingerprint).collect()
}
