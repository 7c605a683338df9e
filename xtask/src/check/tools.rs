//! Checks by programs that are not cargo's: skipped aloud where one is not installed.

use std::process::{Command, Stdio};

use super::{Outcome, pass};
use crate::workspace;

/// `buf lint`: names, packages and comments of our .proto files (proto/buf.yaml).
pub(super) fn buf_lint(required: bool) -> anyhow::Result<Outcome> {
    with("buf", &["--version"], required, || pass(workspace::command("buf").args(["lint", "proto"])))
}

/// `buf breaking`: what callers use stays. Compared with the last release, or before the first
/// with the branch that others have.
pub(super) fn buf_breaking(required: bool) -> anyhow::Result<Outcome> {
    let Some(base) = published() else {
        return Ok(Outcome::Skipped("nothing is published yet: no tag v*, no origin/main".to_owned()));
    };
    let against = format!(".git#ref={base},subdir=proto");
    with("buf", &["--version"], required, || {
        pass(workspace::command("buf").args(["breaking", "proto", "--against", &against]))
    })
}

/// The commit that `buf breaking` compares with.
fn published() -> Option<String> {
    let ask = |arguments: &[&str]| {
        let output = workspace::command("git").args(arguments).stderr(Stdio::null()).output().ok()?;
        let answer = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !answer.is_empty()).then_some(answer)
    };
    ask(&["describe", "--tags", "--abbrev=0", "--match", "v*"])
        .or_else(|| ask(&["rev-parse", "--verify", "--quiet", "origin/main"]))
        .filter(|base| ask(&["ls-tree", base, "proto/buf.yaml"]).is_some())
}

/// `api-linter`: Google's API Improvement Proposals, with our exceptions (proto/api-linter.yaml). Never required: it is
/// published for Go alone, and not everywhere.
pub(super) fn api_linter() -> anyhow::Result<Outcome> {
    let api = workspace::root().join("proto/api");
    let files =
        String::from_utf8(workspace::command("git").args(["ls-files", "*.proto"]).current_dir(&api).output()?.stdout)?;
    with("api-linter", &["--version"], false, || {
        let mut linter = workspace::command("api-linter");
        linter.current_dir(&api).args([
            "--config",
            "../api-linter.yaml",
            "--proto-path",
            ".",
            "--proto-path",
            "../vendor",
        ]);
        pass(linter.arg("--set-exit-status").args(files.lines()))
    })
}

/// `cargo deny`: licences, banned crates and sources (deny.toml).
pub(super) fn deny(required: bool) -> anyhow::Result<Outcome> {
    with_deny(required, || {
        pass(workspace::cargo().args(["deny", "--log-level", "error", "check", "bans", "licenses", "sources"]))
    })
}

/// `cargo deny`: known vulnerabilities, when the database can be fetched or was fetched before.
pub(super) fn advisories(required: bool) -> anyhow::Result<Outcome> {
    with_deny(required, || {
        let fetched = workspace::cargo().args(["deny", "fetch", "db"]).stderr(Stdio::null()).status()?;
        if fetched.success() {
            pass(workspace::cargo().args(["deny", "--log-level", "error", "check", "--disable-fetch", "advisories"]))
        } else {
            Ok(Outcome::Skipped("the advisory database cannot be reached".to_owned()))
        }
    })
}

fn with_deny(required: bool, check: impl FnOnce() -> anyhow::Result<Outcome>) -> anyhow::Result<Outcome> {
    with("cargo-deny", &["--version"], required, check)
}

/// `check`, if `program` can be run.
fn with(
    program: &str,
    probe: &[&str],
    required: bool,
    check: impl FnOnce() -> anyhow::Result<Outcome>,
) -> anyhow::Result<Outcome> {
    let there = Command::new(program).args(probe).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if there.is_ok() {
        return check();
    }
    anyhow::ensure!(!required, "{program} is not installed");
    Ok(Outcome::Skipped(format!("{program} is not installed")))
}
