//! An identity is loaded whole and usable, or not at all.

use std::path::Path;

use certs::Authority;
use service_kit::tls::{ServerIdentity, Settings, channel};

/// The development certificates, and a revocation list with these contents if any.
fn settings(directory: &Path, list: Option<&str>) -> Settings {
    certs::keep_fresh(directory).unwrap();
    if let Some(list) = list {
        std::fs::write(directory.join("crl.pem"), list).unwrap();
    }
    Settings {
        tls_certificate: directory.join("auth-service.pem"),
        tls_key: directory.join("auth-service.key"),
        tls_client_ca: directory.join("ca.pem"),
        tls_crl: Some(directory.join("crl.pem")),
    }
}

/// What loading says, which the two directions must agree on.
fn refusal(settings: &Settings) -> Option<String> {
    let server = ServerIdentity::load(settings).err().map(|error| error.to_string());
    let client = channel(settings, &"https://127.0.0.1:1".parse().unwrap(), "auth-service");
    assert_eq!(client.err().map(|error| error.to_string()), server);
    server
}

#[tokio::test]
async fn a_list_that_revokes_nobody_is_a_list() {
    let directory = tempfile::tempdir().unwrap();
    let list = Authority::new("any").unwrap().revoke(&[]).unwrap();
    assert_eq!(refusal(&settings(directory.path(), Some(&list))), None);
}

#[tokio::test]
async fn a_revocation_file_that_is_missing_or_holds_no_list_is_no_identity() {
    for contents in [None, Some(""), Some("nonsense"), Some("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")]
    {
        let directory = tempfile::tempdir().unwrap();
        let refused = refusal(&settings(directory.path(), contents));
        assert!(refused.is_some(), "{contents:?}");
    }
}
