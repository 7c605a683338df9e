//! `cargo xtask up`: the whole system as real processes, until Ctrl-C.

#[cfg(test)]
mod compose;
mod key_file;
mod output;
mod service;
mod system;
mod tour;

use std::{
    fs::{self, File, TryLockError},
    io::Write as _,
};

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::system::System;
use crate::workspace;

/// Starts everything, waits for a signal, and stops everything.
///
/// # Errors
/// When another `up` runs, when something cannot be built or started, and when a service ends by
/// itself.
pub(crate) async fn run(port_offset: u16) -> anyhow::Result<()> {
    let _lock = lock()?;
    let mut stop = StopSignals::listen()?;
    let mut system = tokio::select! {
        started = System::start(port_offset) => started?,
        () = stop.received() => return Ok(()),
    };
    tour::print(&system, port_offset);
    let outcome = tokio::select! {
        ended = system.service_ended() => Err(ended),
        () = stop.received() => {
            println!("\nstopping; a second Ctrl-C does not wait for it");
            Ok(())
        }
    };
    tokio::select! {
        stopped = system.stop() => stopped?,
        () = stop.received() => {}
    }
    outcome
}

/// Held while we run, and released by the kernel however we end.
fn lock() -> anyhow::Result<File> {
    fs::create_dir_all(workspace::state()).context("cannot make .dev")?;
    let path = workspace::state().join("up.lock");
    let mut file = File::options().create(true).truncate(false).read(true).write(true).open(&path)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            write!(file, "{}", std::process::id())?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let pid = fs::read_to_string(path).unwrap_or_default();
            anyhow::bail!("`cargo xtask up` already runs here (process {pid})")
        }
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock .dev/up.lock"),
    }
}

/// Ctrl-C, `kill`, and the terminal's end.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl StopSignals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
