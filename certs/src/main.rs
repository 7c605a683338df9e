//! What a container runs to make the certificates of its system.

use std::{env, path::Path, process::ExitCode};

use certs::Reader;

const USAGE: &str = "usage: certs generate DIR
       certs provision DIR DIRECTORY:UID:NAME,NAME...";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["generate", directory] => certs::keep_fresh(Path::new(directory)),
        ["provision", root, readers @ ..] => {
            let readers: anyhow::Result<Vec<Reader>> = readers.iter().map(|text| text.parse()).collect();
            readers.and_then(|readers| certs::provision(Path::new(root), &readers))
        }
        _ => Err(anyhow::anyhow!(USAGE)),
    };
    match done {
        Ok(outcome) => {
            println!("certificates: {outcome}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("certs: {error:#}");
            ExitCode::FAILURE
        }
    }
}
