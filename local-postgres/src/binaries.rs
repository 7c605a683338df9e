//! The server programs: those of the machine, or fetched ones.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::{
    account::{Account, command},
    archive,
};

/// The oldest release that the migrations are tested with.
const OLDEST: u32 = 15;

/// Set to `archive`, the machine's own programs are passed over; set to a directory, only that
/// one is looked at.
const OVERRIDE: &str = "LOCAL_POSTGRES_BIN";

/// A directory with `initdb` and `postgres` of one release.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    directory: PathBuf,
    /// The major version, for instance 17.
    pub(crate) release: u32,
}

impl Binaries {
    /// Finds programs that `account` can run: on the PATH, where distributions and Homebrew put
    /// them (the newest first), else from an archive.
    ///
    /// # Errors
    /// When there are none and none can be fetched; the message says what to install.
    pub(crate) async fn find(account: Option<&Account>) -> anyhow::Result<Self> {
        let candidates = match env::var_os(OVERRIDE) {
            Some(wanted) if wanted == "archive" => Vec::new(),
            Some(wanted) => vec![PathBuf::from(wanted)],
            None => on_path().into_iter().chain(in_known_places()).collect(),
        };
        for directory in candidates {
            if let Some(found) = Self::probe(&directory, account) {
                return Ok(found);
            }
        }
        let fetched = archive::fetch(account).await.map_err(|cause| {
            let hint = format!("no Postgres found: install PostgreSQL {OLDEST} or newer, or set DATABASE_URL");
            cause.context(hint)
        })?;
        Self::probe(&fetched, account)
            .ok_or_else(|| anyhow::anyhow!("the programs in {} do not run", fetched.display()))
    }

    /// The path of one program.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Both programs are there, `account` can run them, and they are new enough.
    fn probe(directory: &Path, account: Option<&Account>) -> Option<Self> {
        let releases = ["initdb", "postgres"].map(|name| {
            let output = command(directory.join(name), account).arg("--version").output().ok()?;
            release(&String::from_utf8_lossy(&output.stdout))
        });
        let [Some(initdb), Some(postgres)] = releases else {
            return None;
        };
        let usable = initdb == postgres && initdb >= OLDEST;
        usable.then(|| Self { directory: directory.to_owned(), release: initdb })
    }
}

/// `initdb (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` is release 15; so is `16beta1` of 16.
fn release(version: &str) -> Option<u32> {
    let number = version.split("(PostgreSQL) ").nth(1)?;
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number.get(..end)?.parse().ok()
}

/// Programs on the PATH are often links; the others of their release lie beside the real file.
fn on_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).filter_map(|entry| entry.join("initdb").canonicalize().ok());
    found.filter_map(|initdb| initdb.parent().map(Path::to_owned)).collect()
}

fn in_known_places() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),          // Debian, Ubuntu
        ("/usr", "pgsql-"),                   // the PostgreSQL project's own RPMs
        ("/opt/homebrew/opt", "postgresql@"), // Homebrew on Apple silicon
        ("/usr/local/opt", "postgresql@"),    // Homebrew on Intel
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@"),
    ] {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let release = name.to_str().and_then(|name| name.strip_prefix(prefix)?.parse::<u32>().ok());
            found.extend(release.map(|release| (release, entry.path().join("bin"))));
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    let mut directories: Vec<_> = found.into_iter().map(|(_, directory)| directory).collect();
    directories.push(PathBuf::from("/usr/libexec/postgresql")); // Alpine
    directories
}

#[cfg(test)]
mod tests {
    use super::release;

    #[test]
    fn a_release_is_the_major_version() {
        assert_eq!(release("initdb (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(release("postgres (PostgreSQL) 19beta2\n"), Some(19));
        assert_eq!(release("postgres: command not found"), None);
    }
}
