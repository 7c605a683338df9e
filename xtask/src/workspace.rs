//! Where things are, and how programs are run there.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

/// The directory of the workspace's Cargo.toml.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The generated certificates; never committed.
pub(crate) fn certificates() -> PathBuf {
    root().join("certs/dev")
}

/// What `up` keeps between runs; never committed.
pub(crate) fn state() -> PathBuf {
    root().join(".dev")
}

/// Every Rust file below a folder with its text, sorted; what is built, hidden or a third party's left out.
///
/// # Errors
/// When something cannot be read.
pub(crate) fn rust_files(folder: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let skipped = ["target", "vendor", "node_modules"].iter().any(|skipped| name == *skipped);
        if path.is_dir() && !skipped && !name.as_encoded_bytes().starts_with(b".") {
            found.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)?;
            found.push((path, text));
        }
    }
    found.sort();
    Ok(found)
}

/// A command that runs at the root.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    command(&env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

/// Runs `command` with our terminal.
///
/// # Errors
/// When it cannot run or fails; it has said why.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let program = program.to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot run {program}"))?;
    anyhow::ensure!(status.success(), "{program} failed: {status}");
    Ok(())
}
