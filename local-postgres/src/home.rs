//! Where a server keeps its files.

use std::{
    fs::{self, DirBuilder, Permissions},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::account::{Account, command, give};

/// `wanted`, made ready for `account`; or, when the account cannot get there (a checkout under
/// root's home) or the file system knows no owners, a directory in /var/tmp that belongs to it.
pub(crate) fn place(wanted: &Path, account: Option<&Account>) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(wanted).with_context(|| format!("cannot make {}", wanted.display()))?;
    let wanted = wanted.canonicalize()?;
    if prepare(&wanted, account).is_ok() {
        return Ok(wanted);
    }
    // An empty directory with a strange owner would only puzzle people.
    let _ = fs::remove_dir(&wanted);
    let mut hash = DefaultHasher::new();
    wanted.hash(&mut hash);
    let elsewhere = PathBuf::from(format!("/var/tmp/local-postgres-{:016x}", hash.finish()));
    make_or_recognise(&elsewhere, account)?;
    prepare(&elsewhere, account)
        .with_context(|| format!("neither {} nor {} can hold a database", wanted.display(), elsewhere.display()))?;
    Ok(elsewhere)
}

/// Owner and mode as Postgres demands them, and a look whether the account can work there.
fn prepare(directory: &Path, account: Option<&Account>) -> anyhow::Result<()> {
    give(directory, account)?;
    fs::set_permissions(directory, Permissions::from_mode(0o700))?;
    anyhow::ensure!(fs::metadata(directory)?.mode() & 0o777 == 0o700, "no file modes here");
    let look = "cd \"$1\" && test -w . && test \"$(pwd -P)\" = \"$1\"";
    let seen = command("sh", account).args(["-c", look, "sh"]).arg(directory).output()?;
    anyhow::ensure!(seen.status.success(), "{} cannot be reached", directory.display());
    Ok(())
}

/// The name in /var/tmp can be guessed: what somebody else put there is refused.
fn make_or_recognise(directory: &Path, account: Option<&Account>) -> anyhow::Result<()> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(directory)?;
            let ours = rustix::process::geteuid().as_raw();
            let known = found.uid() == ours || account.is_some_and(|a| a.uid() == found.uid());
            anyhow::ensure!(found.is_dir() && known, "{} is not ours", directory.display());
            Ok(())
        }
        made => made.with_context(|| format!("cannot make {}", directory.display())),
    }
}
