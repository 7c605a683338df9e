//! `certs generate DIR`: what a container runs to make the certificates of its system.

use std::{env, path::Path, process::ExitCode};

use anyhow::Context as _;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["generate", directory] => generate(Path::new(directory)),
        _ => Err(anyhow::anyhow!("usage: certs generate DIR")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("certs: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn generate(directory: &Path) -> anyhow::Result<()> {
    let outcome =
        certs::keep_fresh(directory).with_context(|| format!("no certificates in {}", directory.display()))?;
    println!("{}: {outcome}", directory.display());
    Ok(())
}
