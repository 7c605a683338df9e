//! The process of a server of our own.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use rustix::process::Signal;
use tokio::task::spawn_blocking;

use crate::{Leash, Tether, files::Files, postmaster};

/// Fast shutdown; where a backend does not listen (it is stopped), immediate shutdown.
const SHUTDOWN: &[&str] = &["INT", "QUIT", "KILL"];

/// The files of one server, and its process while it runs.
pub(crate) struct Server {
    pub(crate) files: Files,
    port: u16,
    leash: Mutex<Option<Leash>>,
}

impl Server {
    /// Prepares the files in `wanted`; does not start.
    pub(crate) async fn prepare(wanted: &Path) -> anyhow::Result<Self> {
        let files = Files::prepare(wanted).await?;
        let port = files.port()?;
        Ok(Self { files, port, leash: Mutex::default() })
    }

    /// Where it listens on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Starts the process; it may not be ready for connections yet. Takes the settings and the
    /// certificates of `certificates` as they are now.
    pub(crate) async fn launch(&self, certificates: &Path) -> anyhow::Result<()> {
        postmaster::await_previous(&self.files.data()).await?;
        self.files.configure(certificates)?;
        let _ = fs::rename(self.files.log(), self.files.home.join("server.log.1"));
        let mut postgres = Command::new(self.files.binaries.program("postgres"));
        postgres.arg("-D").arg(self.files.data()).current_dir("/");
        postgres.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        postgres.arg("-c").arg(format!("port={}", self.port)).env("LC_ALL", "C");
        let tether = Tether {
            signals: SHUTDOWN,
            grace: Duration::from_secs(8),
            log: Some(&self.files.log()),
            account: self.files.account.as_ref(),
        };
        let leash = Leash::spawn(&postgres, &tether).context("cannot run postgres")?;
        *self.leash.lock().unwrap_or_else(PoisonError::into_inner) = Some(leash);
        Ok(())
    }

    /// Why it is not running: the last lines of its log. `None` while it runs.
    pub(crate) fn failure(&self) -> Option<String> {
        let mut leash = self.leash.lock().unwrap_or_else(PoisonError::into_inner);
        let runs = leash.as_mut().is_some_and(|leash| matches!(leash.try_wait(), Ok(None)));
        if runs {
            return None;
        }
        let log = fs::read_to_string(self.files.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(5).collect();
        Some(lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }

    /// Sends `signal` to every process of the server.
    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let leash = self.leash.lock().unwrap_or_else(PoisonError::into_inner);
        let leash = leash.as_ref().context("the server is not running")?;
        Ok(postmaster::signal_family(leash.pid(), signal)?)
    }

    /// Sends `signal` to the postmaster alone, where a signal is a word for the whole server.
    pub(crate) fn tell(&self, signal: Signal) -> anyhow::Result<()> {
        let leash = self.leash.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(leash.as_ref().context("the server is not running")?.signal(signal)?)
    }

    /// Waits for the end that a signal asked for.
    pub(crate) async fn ended(&self) -> anyhow::Result<()> {
        let leash = self.leash.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut leash) = leash {
            spawn_blocking(move || leash.wait()).await??;
        }
        Ok(())
    }
}
