//! The secret of each service.

use std::path::Path;

/// Makes `path`, mode 0600. One that exists stays: with another secret, the service could not read
/// what it encrypted.
pub(super) fn keep(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        return Ok(());
    }
    certs::write_private(path, certs::new_secret()?.as_bytes())
}
