//! `cargo xtask check`: what CI runs before the tests.

mod boundaries;
mod docs;
mod modules;
mod reasons;
mod tools;

use std::process::Command;

use crate::{access_table, queries, workspace};

/// How a check ended that did not fail.
enum Outcome {
    Passed,
    /// Why it could not be made.
    Skipped(String),
}

/// Runs every check, also after one has failed.
///
/// # Errors
/// When a check failed; which, and why, is printed before.
pub(crate) async fn run(require_tools: bool) -> anyhow::Result<()> {
    let results = [
        ("format", pass(workspace::cargo().args(["fmt", "--all", "--check"]))),
        ("crate boundaries", boundaries::check().map(|()| Outcome::Passed)),
        ("module boundaries", modules::check().map(|()| Outcome::Passed)),
        ("error reasons", reasons::check().map(|()| Outcome::Passed)),
        ("access table", access_table::check().map(|()| Outcome::Passed)),
        ("documents", docs::check().map(|()| Outcome::Passed)),
        ("buf lint", tools::buf_lint(require_tools)),
        ("buf breaking", tools::buf_breaking(require_tools)),
        ("api-linter", tools::api_linter()),
        ("clippy", clippy()),
        ("queries", queries::check().await.map(|()| Outcome::Passed)),
        ("cargo-deny", tools::deny(require_tools)),
        ("advisories", tools::advisories(require_tools)),
    ];
    println!();
    let mut failed = Vec::new();
    for (name, result) in results {
        match result {
            Ok(Outcome::Passed) => println!("passed   {name}"),
            Ok(Outcome::Skipped(reason)) => println!("SKIPPED  {name}: {reason}"),
            Err(error) => {
                println!("FAILED   {name}: {error:#}");
                failed.push(name);
            }
        }
    }
    anyhow::ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

fn clippy() -> anyhow::Result<Outcome> {
    let mut clippy = workspace::cargo();
    clippy.args(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    pass(&mut clippy)
}

fn pass(command: &mut Command) -> anyhow::Result<Outcome> {
    workspace::run(command).map(|()| Outcome::Passed)
}
