//! Files that are whole or not there, and keys that nobody else could ever read.

use std::{
    fs::{self, File, Permissions},
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, fchown},
    path::Path,
};

use anyhow::Context as _;
use tempfile::NamedTempFile;

/// Writes `contents` to `path` atomically, mode 0600 from the moment the file exists.
pub fn write_private(path: &Path, contents: &[u8]) -> anyhow::Result<()> {
    write(path, contents, 0o600, None)
}

/// As [`write_private`], for another user: the file is theirs from the moment it has its name.
pub(crate) fn write_for(path: &Path, contents: &[u8], owner: u32) -> anyhow::Result<()> {
    write(path, contents, 0o600, Some(owner))
}

/// Writes `contents` to `path` atomically, readable by everybody.
pub(crate) fn write_public(path: &Path, contents: &[u8]) -> anyhow::Result<()> {
    write(path, contents, 0o644, None)
}

fn write(path: &Path, contents: &[u8], mode: u32, owner: Option<u32>) -> anyhow::Result<()> {
    let directory = path.parent().context("a file needs a directory")?;
    let attempt = || {
        // Made with mode 0600; it gets its wider mode only when that was asked for.
        let mut file = NamedTempFile::new_in(directory)?;
        file.write_all(contents)?;
        file.as_file().set_permissions(Permissions::from_mode(mode))?;
        if owner.is_some() {
            fchown(file.as_file(), owner, owner)?;
        }
        file.as_file().sync_all()?;
        file.persist(path)?;
        std::io::Result::Ok(())
    };
    attempt().with_context(|| format!("cannot write {}", path.display()))
}

/// Holds `directory` against other processes that generate into it, until dropped.
pub(crate) fn lock(directory: &Path) -> anyhow::Result<File> {
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let path = directory.join(".lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

/// Whether `path` is closed to everybody but its owner.
#[expect(clippy::verbose_bit_mask, reason = "a file mode is read in octal")]
pub(crate) fn is_private(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 == 0)
}
