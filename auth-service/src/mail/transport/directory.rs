//! A directory that mail is written to, for development and tests: `ID.eml`.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lettre::Message;
use tokio::fs::{self, OpenOptions};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use super::Failure;

/// A directory of mail.
pub(in crate::mail) struct Directory(PathBuf);

impl Directory {
    /// Makes the directory if it is not there.
    pub(super) fn new(path: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    /// Writes a message. Its file is whole or not there, readable by its owner alone; a repeat takes its place.
    pub(super) async fn write(&self, id: Uuid, message: &Message) -> Result<(), Failure> {
        let written = self.try_write(id, &message.formatted()).await;
        written.map_err(|error| Failure::Later(format!("cannot write to {}: {error}", self.0.display())))
    }

    async fn try_write(&self, id: Uuid, bytes: &[u8]) -> io::Result<()> {
        let (unfinished, path) = (self.0.join(format!("{id}.part")), self.0.join(format!("{id}.eml")));
        let options = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).clone();
        let mut file = options.open(&unfinished).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        fs::rename(unfinished, path).await
    }
}
