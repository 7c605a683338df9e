//! The way that mail goes.

mod directory;
mod smtp;

use std::time::Duration;

use anyhow::Context as _;
use lettre::Message;
use uuid::Uuid;

use self::directory::Directory;
use self::smtp::Smtp;
use super::Settings;

/// The longest that one mail may take; less than the lease of its errand.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes messages.
pub(super) enum Transport {
    /// Writes them down.
    Directory(Directory),
    /// Sends them.
    Smtp(Smtp),
}

/// Why a message was not taken, in words without its address or content.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another time it may be.
    Later(String),
    /// It never will.
    Never(String),
}

impl Transport {
    /// The way that the settings choose.
    pub(super) fn new(settings: &Settings) -> anyhow::Result<Self> {
        match (&settings.mail_directory, &settings.smtp_host) {
            (Some(directory), None) => Ok(Self::Directory(Directory::new(directory)?)),
            (None, Some(host)) => {
                Smtp::new(settings, host).map(Self::Smtp).context("the settings of the SMTP server are not usable")
            }
            _ => anyhow::bail!("exactly one of MAIL_DIRECTORY and SMTP_HOST must be set"),
        }
    }

    /// Hands a message over. Once this returns, it is the receiver's care.
    pub(super) async fn send(&self, id: Uuid, message: &Message) -> Result<(), Failure> {
        let sending = async {
            match self {
                Self::Directory(directory) => directory.write(id, message).await,
                Self::Smtp(smtp) => smtp.send(message).await,
            }
        };
        let late = || Err(Failure::Later("no answer in time".to_owned()));
        tokio::time::timeout(PATIENCE, sending).await.unwrap_or_else(|_| late())
    }
}
