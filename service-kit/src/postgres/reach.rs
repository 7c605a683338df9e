//! Whether the server can be reached, as the service's probe sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::Error;

/// How long the server may take to answer a probe. Together with the time between two probes this is the longest that a
/// call waits for a server that hangs.
pub(super) const PATIENCE: Duration = Duration::from_millis(1_200);

/// Shared by all that use one database.
#[derive(Clone)]
pub(super) struct Reach {
    answers: watch::Sender<bool>,
    losses: Arc<AtomicU64>,
}

impl Default for Reach {
    /// In reach until a probe says otherwise.
    fn default() -> Self {
        Self { answers: watch::Sender::new(true), losses: Arc::default() }
    }
}

impl Reach {
    pub(super) fn set(&self, answers: bool) {
        let changed = self.answers.send_if_modified(|before| std::mem::replace(before, answers) != answers);
        if changed && !answers {
            self.lose();
        }
    }

    /// A connection was lost, or the server. It probably took every connection with it that was open then.
    pub(super) fn lose(&self) {
        self.losses.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of losses so far: a connection made before the last one is not trusted.
    pub(super) fn losses(&self) -> u64 {
        self.losses.load(Ordering::Relaxed)
    }

    /// Refuses work that could only wait.
    pub(super) fn check(&self) -> Result<(), Error> {
        if *self.answers.borrow() { Ok(()) } else { Err(Error::Unavailable("it does not answer".to_owned())) }
    }

    /// What `work` comes to, unless it takes longer than `patience` or the server gets out of reach meanwhile.
    pub(super) async fn within<T>(&self, patience: Duration, work: impl Future<Output = T>) -> Option<T> {
        let mut reach = self.answers.subscribe();
        tokio::select! {
            biased;
            done = work => Some(done),
            () = tokio::time::sleep(patience) => None,
            Ok(_) = reach.wait_for(|answers| !answers) => None,
        }
    }
}
