//! Directories that vanish with the process that made them, however it ends.

use std::{
    fs, io,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Stdio},
};

use crate::account::{Account, command, give};

/// Waits for the end of its input, then for the server's, then removes the directory.
const SCRIPT: &str = r#"
while read -r _; do :; done
tries=0
while [ -e "$1/data/postmaster.pid" ] && [ "$tries" -lt 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
rm -rf "$1"
"#;

/// A process that removes a directory once we are gone.
pub(crate) struct Broom {
    /// Its input is the pipe that closes when this is dropped or our process ends.
    _process: Child,
}

impl Broom {
    /// Will remove `directory`, which belongs to `account`.
    pub(crate) fn for_directory(directory: &Path, account: Option<&Account>) -> io::Result<Self> {
        let mut shell = command("sh", account);
        shell.args(["-c", SCRIPT, "sh"]).arg(directory).process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { _process: shell.spawn()? })
    }
}

/// Gives `directory` and its files to `account`, which could not remove them otherwise.
pub(crate) fn hand_over(directory: &Path, account: Option<&Account>) -> anyhow::Result<()> {
    for entry in fs::read_dir(directory)? {
        give(&entry?.path(), account)?;
    }
    give(directory, account)
}
