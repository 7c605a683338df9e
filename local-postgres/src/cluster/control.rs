//! Starting and stopping a server, gently and otherwise.

use std::time::Duration;

use anyhow::Context as _;
use rustix::process::Signal;
use sqlx::Connection as _;
use tokio::time::{Instant, sleep};

use super::Cluster;

/// How long a server may take to accept connections. A crashed one replays its log first.
const START_LIMIT: Duration = Duration::from_mins(1);

impl Cluster {
    /// Starts a stopped or killed server again, on the same port, and waits until it answers.
    pub async fn start(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        self.server()?.launch(self.certificates()).await?;
        loop {
            let answer = match self.admin("postgres").await {
                Ok(connection) => return Ok(connection.close().await?),
                Err(answer) => answer,
            };
            match self.server()?.failure() {
                // Its killed predecessor's backends need a moment to notice.
                Some(reason) if reason.contains("pre-existing shared memory block") => {
                    self.server()?.launch(self.certificates()).await?;
                }
                Some(reason) => anyhow::bail!("Postgres does not start:\n{reason}"),
                None => {}
            }
            if Instant::now() > deadline {
                return Err(answer).context("Postgres does not become ready");
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops the server as an operator would: sessions are ended, a checkpoint is written.
    pub async fn stop(&self) -> anyhow::Result<()> {
        self.server()?.tell(Signal::INT)?;
        self.server()?.ended().await
    }

    /// Stops the server at once, without a checkpoint: the next start recovers.
    pub async fn stop_immediate(&self) -> anyhow::Result<()> {
        self.server()?.tell(Signal::QUIT)?;
        self.server()?.ended().await
    }

    /// `kill -9` of every process of the server.
    pub async fn kill_hard(&self) -> anyhow::Result<()> {
        self.server()?.signal(Signal::KILL)?;
        self.server()?.ended().await
    }

    /// Stops every process of the server where it stands: connections stay open, nobody answers.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.server()?.signal(Signal::STOP)
    }

    /// Ends a pause.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.server()?.signal(Signal::CONT)
    }
}
