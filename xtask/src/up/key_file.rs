//! The secret of each service, from which it derives its keys.

use std::{fs::File, io::Read as _, path::Path};

use anyhow::Context as _;

/// Makes `path` with 32 random bytes as 64 hexadecimal digits, mode 0600. One that exists stays:
/// with another secret, the service could not read what it encrypted.
pub(super) fn keep(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut secret = [0; 32];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut secret))
        .context("cannot read /dev/urandom")?;
    let digits: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    certs::write_private(path, digits.as_bytes())
}
