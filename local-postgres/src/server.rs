//! A server of our own: its files, and its process.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use rustix::process::Signal;
use tokio::task::spawn_blocking;

use crate::{
    Leash, Tether,
    account::{Account, command, give},
    binaries::Binaries,
    home, postmaster,
};

const CONFIGURATION: &str = include_str!("../conf/postgresql.conf");
const LOGINS: &str = include_str!("../conf/pg_hba.conf");

/// Fast shutdown; where a backend does not listen (it is stopped), immediate shutdown.
const SHUTDOWN: &[&str] = &["INT", "QUIT", "KILL"];

/// The files of one server, and its process while it runs.
pub(crate) struct Server {
    binaries: Binaries,
    account: Option<Account>,
    home: PathBuf,
    port: u16,
    leash: Mutex<Option<Leash>>,
    /// Held for as long as we may start the server.
    _lock: File,
}

impl Server {
    /// Prepares the files in `wanted` (or near it, see [`home::place`]); does not start.
    pub(crate) async fn prepare(wanted: &Path) -> anyhow::Result<Self> {
        let account = Account::for_server()?;
        let binaries = Binaries::find(account.as_ref()).await?;
        let home = home::place(wanted, account.as_ref())?;
        let lock = File::create(home.join("lock"))?;
        lock.try_lock().with_context(|| format!("{} is in use", home.display()))?;
        let port = port(&home)?;
        let server = Self { binaries, account, home, port, leash: Mutex::default(), _lock: lock };
        server.initialise()?;
        Ok(server)
    }

    /// Where it listens on 127.0.0.1: the same port for as long as it is free.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The directory of its files.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// The account that owns its files, when that is not ours.
    pub(crate) fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// `initdb` beside the final place, so that one that was killed leaves no half cluster.
    fn initialise(&self) -> anyhow::Result<()> {
        if let Ok(version) = fs::read_to_string(self.data().join("PG_VERSION")) {
            let release = self.binaries.release;
            anyhow::ensure!(
                version.trim() == release.to_string(),
                "{} is of PostgreSQL {}, this machine has {release}: remove it or install that one",
                self.home.display(),
                version.trim()
            );
            return Ok(());
        }
        let unfinished = self.home.join("data.unfinished");
        let _ = fs::remove_dir_all(&unfinished);
        let mut initdb = command(self.binaries.program("initdb"), self.account.as_ref());
        initdb.arg("--pgdata").arg(&unfinished);
        initdb.args(["--username=postgres", "--auth=reject", "--encoding=UTF8", "--no-sync"]);
        initdb.args(locale(self.binaries.release)).env("LC_ALL", "C");
        let done = initdb.output().context("cannot run initdb")?;
        let reason = String::from_utf8_lossy(&done.stderr);
        anyhow::ensure!(done.status.success(), "initdb failed: {}", reason.trim());
        fs::rename(unfinished, self.data()).context("cannot name the cluster's directory")
    }

    /// Starts the process; it may not be ready for connections yet. Takes the settings and the
    /// certificates of `certificates` as they are now.
    pub(crate) async fn launch(&self, certificates: &Path) -> anyhow::Result<()> {
        postmaster::await_previous(&self.data()).await?;
        self.configure(certificates)?;
        let _ = fs::rename(self.log(), self.home.join("server.log.1"));
        let mut postgres = Command::new(self.binaries.program("postgres"));
        postgres.arg("-D").arg(self.data()).current_dir("/");
        postgres.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        postgres.arg("-c").arg(format!("port={}", self.port)).env("LC_ALL", "C");
        let tether = Tether {
            signals: SHUTDOWN,
            grace: Duration::from_secs(8),
            log: Some(&self.log()),
            account: self.account.as_ref(),
        };
        let leash = Leash::spawn(&postgres, &tether).context("cannot run postgres")?;
        *self.leash.lock().unwrap_or_else(PoisonError::into_inner) = Some(leash);
        Ok(())
    }

    fn configure(&self, certificates: &Path) -> anyhow::Result<()> {
        let read = |name: &str| {
            let path = certificates.join(name);
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let files = [
            ("postgresql.conf", CONFIGURATION.into()),
            ("pg_hba.conf", LOGINS.into()),
            ("ca.pem", read("ca.pem")?),
            ("postgres.pem", read("postgres.pem")?),
            ("postgres.key", read("postgres.key")?),
        ];
        for (name, contents) in files {
            let path = self.data().join(name);
            certs::write_private(&path, &contents)?;
            give(&path, self.account.as_ref())?;
        }
        Ok(())
    }

    fn log(&self) -> PathBuf {
        self.home.join("server.log")
    }

    /// Why it is not running: the last lines of its log. `None` while it runs.
    pub(crate) fn failure(&self) -> Option<String> {
        let mut leash = self.leash.lock().unwrap_or_else(PoisonError::into_inner);
        let runs = leash.as_mut().is_some_and(|leash| matches!(leash.try_wait(), Ok(None)));
        if runs {
            return None;
        }
        let log = fs::read_to_string(self.log()).unwrap_or_default();
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

/// Text sorts by code point and folds case by Unicode, on every machine alike.
fn locale(release: u32) -> &'static [&'static str] {
    if release >= 17 {
        &["--locale-provider=builtin", "--locale=C.UTF-8"]
    } else if cfg!(target_os = "macos") {
        &["--locale=C", "--lc-ctype=UTF-8"]
    } else {
        &["--locale=C", "--lc-ctype=C.UTF-8"]
    }
}

/// The port of the last run, else one that is free now.
fn port(home: &Path) -> anyhow::Result<u16> {
    let file = home.join("port");
    let last = fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok());
    // The server of a killed run may still hold it: that one ends before ours starts.
    let kept = last.filter(|_| home.join("data/postmaster.pid").exists());
    let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let port = match kept {
        Some(port) => port,
        None => last.and_then(|port| free(port).ok()).map_or_else(|| free(0), Ok)?.local_addr()?.port(),
    };
    fs::write(file, port.to_string())?;
    Ok(port)
}
