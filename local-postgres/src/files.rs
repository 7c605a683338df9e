//! The files of one server: its directory, its data, its settings and its certificates.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::{
    account::{Account, command, give},
    binaries::Binaries,
    home, postmaster,
};

const CONFIGURATION: &str = include_str!("../conf/postgresql.conf");
const LOGINS: &str = include_str!("../conf/pg_hba.conf");

/// A directory that is ours alone while this lives, with an initialised cluster in it.
pub(crate) struct Files {
    pub(crate) binaries: Binaries,
    /// Who owns them, when that is not us.
    pub(crate) account: Option<Account>,
    pub(crate) home: PathBuf,
    _lock: File,
}

impl Files {
    /// Prepares `wanted`, or a directory in its place (see [`home::place`]).
    pub(crate) async fn prepare(wanted: &Path) -> anyhow::Result<Self> {
        let account = Account::for_server()?;
        let binaries = Binaries::find(account.as_ref()).await?;
        let home = home::place(wanted, account.as_ref())?;
        let lock = File::create(home.join("lock"))?;
        lock.try_lock().with_context(|| format!("{} is in use", home.display()))?;
        let files = Self { binaries, account, home, _lock: lock };
        files.initialise()?;
        Ok(files)
    }

    /// What Postgres calls PGDATA.
    pub(crate) fn data(&self) -> PathBuf {
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

    /// Puts the settings, and the certificates as they are now, where the server reads them.
    pub(crate) fn configure(&self, certificates: &Path) -> anyhow::Result<()> {
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

    /// What the server says.
    pub(crate) fn log(&self) -> PathBuf {
        self.home.join("server.log")
    }

    /// The port of the last run, else one that is free now.
    pub(crate) fn port(&self) -> anyhow::Result<u16> {
        let file = self.home.join("port");
        let last: Option<u16> = fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok());
        let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.local_addr();
        let port = match last {
            // The server of a killed run may still hold it: that one ends before ours starts.
            Some(port) if postmaster::serving(&self.data()).is_some() => port,
            Some(port) => free(port).or_else(|_| free(0))?.port(),
            None => free(0)?.port(),
        };
        fs::write(file, port.to_string())?;
        Ok(port)
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
