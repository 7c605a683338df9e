//! Which of the stored certificates can stay.

use std::{fs, path::Path};

use rcgen::{KeyPair, PublicKeyData as _};
use time::OffsetDateTime;
use x509_parser::{parse_x509_certificate, pem::parse_x509_pem, prelude::X509Certificate};

use crate::{Authority, files::is_private};

/// Whether the authority in `pem` can be read and lasts beyond `moment`.
pub(crate) fn authority_outlives(pem: &str, moment: OffsetDateTime) -> bool {
    with_certificate(pem, |cert| ends_after(cert, moment)).unwrap_or(false)
}

/// Whether NAME.pem and NAME.key in `directory` belong together, come from `authority`, are
/// private, and last beyond `moment`.
pub(crate) fn leaf_is_fresh(directory: &Path, name: &str, authority: &Authority, moment: OffsetDateTime) -> bool {
    let key = directory.join(format!("{name}.key"));
    let check = || {
        let pem = fs::read_to_string(directory.join(format!("{name}.pem"))).ok()?;
        let key_pair = KeyPair::from_pem(&fs::read_to_string(&key).ok()?).ok()?;
        with_certificate(&pem, |cert| {
            ends_after(cert, moment)
                && cert.public_key().raw == key_pair.subject_public_key_info()
                && is_signed_by(cert, authority)
        })
    };
    is_private(&key) && check().unwrap_or(false)
}

fn is_signed_by(cert: &X509Certificate<'_>, authority: &Authority) -> bool {
    with_certificate(authority.cert_pem(), |authority| cert.verify_signature(Some(authority.public_key())).is_ok())
        .unwrap_or(false)
}

fn ends_after(cert: &X509Certificate<'_>, moment: OffsetDateTime) -> bool {
    cert.validity().not_after.to_datetime() > moment
}

/// `look` at the first certificate of a PEM file, or `None` when there is none.
fn with_certificate<T>(pem: &str, look: impl FnOnce(&X509Certificate<'_>) -> T) -> Option<T> {
    let (_, pem) = parse_x509_pem(pem.as_bytes()).ok()?;
    let (_, cert) = parse_x509_certificate(&pem.contents).ok()?;
    Some(look(&cert))
}
