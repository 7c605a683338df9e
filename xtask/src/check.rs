//! `cargo xtask check`: what CI runs before the tests.

use crate::{queries, workspace};

/// Runs every check, and says at the end which failed.
pub(crate) async fn run(require_tools: bool) -> anyhow::Result<()> {
    let _ = require_tools;
    workspace::run(workspace::cargo().args(["fmt", "--all", "--check"]))?;
    queries::check().await
}
