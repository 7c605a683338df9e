//! The secret of a service, from which it derives its keys.

use std::{fmt::Write as _, fs::File, io::Read as _};

use anyhow::Context as _;

/// 32 random bytes as 64 hexadecimal digits, as `KEY_FILE` wants them.
pub fn new_secret() -> anyhow::Result<String> {
    let mut secret = [0; 32];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut secret))
        .context("cannot read /dev/urandom")?;
    let mut digits = String::with_capacity(64);
    for byte in secret {
        write!(digits, "{byte:02x}")?;
    }
    Ok(digits)
}
