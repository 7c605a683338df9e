//! The Unix account that the server runs under. Postgres refuses to run as root.

use std::{
    fs, io,
    os::unix::{fs::chown, process::CommandExt as _},
    path::Path,
    process::Command,
};

use anyhow::Context as _;

/// An account without privileges, to which root steps down.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account for the server: `None` when our own will do, because it is not root.
    pub(crate) fn for_server() -> anyhow::Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let account = ["postgres", "nobody"].iter().find_map(|name| find(&passwd, name));
        account.map(Some).context("Postgres refuses root: add a user `postgres`")
    }

    /// The user id, to compare with the owner of a file.
    pub(crate) fn uid(&self) -> u32 {
        self.uid
    }

    /// Makes `command` run under this account, without root's groups and home.
    pub(crate) fn apply(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid).env_remove("HOME");
    }

    /// Gives `path` to this account.
    pub(crate) fn own(&self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }
}

/// `command`, under `account` if there is one.
pub(crate) fn command(program: impl AsRef<Path>, account: Option<&Account>) -> Command {
    let mut command = Command::new(program.as_ref());
    // Our own directory may be closed to the account; Postgres wants one that it can return to.
    command.current_dir("/");
    if let Some(account) = account {
        account.apply(&mut command);
    }
    command
}

/// Gives `path` to `account`, if there is one.
pub(crate) fn give(path: &Path, account: Option<&Account>) -> anyhow::Result<()> {
    match account {
        Some(account) => account.own(path).with_context(|| format!("cannot hand over {}", path.display())),
        None => Ok(()),
    }
}

/// The entry `name:password:uid:gid:…` of a passwd file.
fn find(passwd: &str, name: &str) -> Option<Account> {
    let mut fields = passwd
        .lines()
        .map(|line| line.split(':'))
        .find_map(|mut fields| (fields.next() == Some(name)).then_some(fields))?;
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    (uid != 0).then_some(Account { uid, gid })
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn an_account_is_found_by_its_whole_name_and_never_root() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgresql:x:7:8::/:\npostgres:x:101:104:a:/var:\n";
        let found = find(passwd, "postgres").map(|account| (account.uid, account.gid));
        assert_eq!(found, Some((101, 104)));
        assert!(find(passwd, "root").is_none());
        assert!(find(passwd, "nobody").is_none());
    }
}
