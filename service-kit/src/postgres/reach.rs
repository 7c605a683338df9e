//! Whether the server can be reached, as the service's probe sees it.

use std::time::Duration;

use tokio::sync::watch;

use super::Error;

/// How long the server may take to answer a probe. Together with the time between two probes this is the longest that a
/// call waits for a server that hangs.
pub(super) const PATIENCE: Duration = Duration::from_millis(1_200);

/// Shared by all that use one database.
#[derive(Clone)]
pub(super) struct Reach(watch::Sender<bool>);

impl Default for Reach {
    /// In reach until a probe says otherwise.
    fn default() -> Self {
        Self(watch::Sender::new(true))
    }
}

impl Reach {
    pub(super) fn set(&self, answers: bool) {
        self.0.send_if_modified(|before| std::mem::replace(before, answers) != answers);
    }

    /// Refuses work that could only wait.
    pub(super) fn check(&self) -> Result<(), Error> {
        if *self.0.borrow() { Ok(()) } else { Err(Error::Unavailable("it does not answer".to_owned())) }
    }

    /// What `work` comes to, unless it takes longer than `patience` or the server gets out of reach meanwhile.
    pub(super) async fn within<T>(&self, patience: Duration, work: impl Future<Output = T>) -> Option<T> {
        let mut reach = self.0.subscribe();
        tokio::select! {
            biased;
            done = work => Some(done),
            () = tokio::time::sleep(patience) => None,
            Ok(_) = reach.wait_for(|answers| !answers) => None,
        }
    }
}
