//! Users who were deleted, taken away here and then acknowledged: auth-service tells of each until then.

use std::convert::Infallible;
use std::time::Duration;

use proto::auth::v1::AcknowledgeEventsRequest;
use service_kit::entropy::Entropy;
use service_kit::postgres::Database;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

use super::super::upstream::Upstream;
use crate::deletion;

/// Most messages that are dealt with together.
const TOGETHER: usize = 1_000;
/// An acknowledgement that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Users who were deleted, none perhaps, and the cursor of the message that said so.
pub(super) struct Deleted {
    pub(super) users: Vec<Uuid>,
    pub(super) cursor: String,
}

/// The task that purges.
pub(super) struct Purger {
    heard: UnboundedReceiver<Deleted>,
    upstream: Upstream,
    database: Database,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Database(#[from] service_kit::postgres::Error),
    #[error("no answer in {PATIENCE:?}")]
    Slow(#[from] tokio::time::error::Elapsed),
    #[error(transparent)]
    Refused(#[from] Box<tonic::Status>),
    #[error("there is no auth-service")]
    Nobody,
}

impl Purger {
    /// A purger, and whom to tell of users.
    pub(super) fn new(upstream: Upstream, database: Database) -> (UnboundedSender<Deleted>, Self) {
        let (deleted, heard) = unbounded_channel();
        (deleted, Self { heard, upstream, database })
    }

    /// Purges whoever was heard of, again and again until it is done, and tells auth-service.
    pub(super) async fn run(mut self, entropy: &Entropy) -> Infallible {
        let mut messages = Vec::new();
        loop {
            if self.heard.recv_many(&mut messages, TOGETHER).await == 0 {
                std::future::pending::<()>().await;
            }
            let cursor = messages.last().map(|last: &Deleted| last.cursor.clone()).unwrap_or_default();
            let users: Vec<Uuid> = messages.drain(..).flat_map(|deleted| deleted.users).collect();
            let mut failures = 0;
            while let Err(failure) = self.purge(&users, &cursor).await {
                tracing::warn!(%failure, failures, users = users.len(), "deleted users are not purged yet");
                tokio::time::sleep(super::pause(failures, entropy)).await;
                failures += 1;
            }
        }
    }

    async fn purge(&self, users: &[Uuid], cursor: &str) -> Result<(), Failure> {
        deletion::purge(&self.database, users, cursor).await?;
        let mut client = self.upstream.tokens().ok_or(Failure::Nobody)?;
        let request = AcknowledgeEventsRequest { cursor: cursor.to_owned() };
        timeout(client.acknowledge_events(request)).await?.map_err(Box::new)?;
        Ok(())
    }
}

async fn timeout<T>(answer: impl Future<Output = T>) -> Result<T, tokio::time::error::Elapsed> {
    tokio::time::timeout(PATIENCE, answer).await
}
