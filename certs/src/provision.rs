//! One directory for each reader, with what that reader needs and nothing else: in containers each
//! is a volume of its own.

use std::{fs, path::Path, str::FromStr};

use anyhow::Context as _;

use crate::{
    Outcome,
    files::{write_for, write_public},
    keep_fresh, new_secret,
};

/// The name that stands for a secret of the reader's own, in `secret.key`.
const SECRET: &str = "secret";

/// Who reads a directory, and what: written `DIRECTORY:UID:NAME,NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    directory: String,
    owner: u32,
    names: Vec<String>,
}

impl FromStr for Reader {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let [directory, owner, names] = parts.as_slice() else {
            anyhow::bail!("`{text}` is not DIRECTORY:UID:NAME,NAME");
        };
        let owner = owner.parse().with_context(|| format!("`{owner}` is not the number of a user"))?;
        let names = names.split(',').map(str::to_owned).collect();
        Ok(Self { directory: (*directory).to_owned(), owner, names })
    }
}

/// Keeps `root/authority` fresh, and for each reader `root/DIRECTORY` with `ca.pem`, and NAME.pem
/// and NAME.key for each name. A key belongs to its reader, mode 0600.
///
/// The name `secret` is 64 hexadecimal digits in `secret.key`, made once and then left alone: with
/// another one, a service could not read what it encrypted.
///
/// # Errors
/// When a name is unknown, or files cannot be given to their readers.
pub fn provision(root: &Path, readers: &[Reader]) -> anyhow::Result<Outcome> {
    let authority = root.join("authority");
    let outcome = keep_fresh(&authority)?;
    for reader in readers {
        let directory = root.join(&reader.directory);
        fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
        write_public(&directory.join("ca.pem"), &read(&authority, "ca.pem")?)?;
        for name in &reader.names {
            hand_out(&authority, &directory, name, reader.owner)?;
        }
    }
    Ok(outcome)
}

fn hand_out(authority: &Path, directory: &Path, name: &str, owner: u32) -> anyhow::Result<()> {
    let (pem, key) = (format!("{name}.pem"), format!("{name}.key"));
    if name != SECRET {
        write_for(&directory.join(&key), &read(authority, &key)?, owner)?;
        return write_public(&directory.join(&pem), &read(authority, &pem)?);
    }
    if directory.join(&key).exists() {
        return Ok(());
    }
    write_for(&directory.join(&key), new_secret()?.as_bytes(), owner)
}

fn read(directory: &Path, file: &str) -> anyhow::Result<Vec<u8>> {
    fs::read(directory.join(file)).with_context(|| format!("there is no {file}"))
}
