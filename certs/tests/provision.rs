//! The volumes of containers: each reader gets its own files and no others.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    process::Command,
};

use certs::{Reader, provision};

/// Readers that belong to whoever runs the tests: only root could give files away.
fn readers(root: &Path) -> Vec<Reader> {
    let uid = fs::metadata(root).unwrap().uid();
    [format!("postgres:{uid}:postgres"), format!("auth:{uid}:auth-service,db-auth-service,secret")]
        .map(|text| text.parse().unwrap())
        .to_vec()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_reader_gets_what_is_listed_for_it_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    provision(root.path(), &readers(root.path())).unwrap();
    assert_eq!(names(&root.path().join("postgres")), ["ca.pem", "postgres.key", "postgres.pem"]);
    assert_eq!(
        names(&root.path().join("auth")),
        ["auth-service.key", "auth-service.pem", "ca.pem", "db-auth-service.key", "db-auth-service.pem", "secret.key"]
    );
}

#[test]
fn keys_and_secrets_are_for_their_reader_only() {
    let root = tempfile::tempdir().unwrap();
    provision(root.path(), &readers(root.path())).unwrap();
    for key in ["postgres/postgres.key", "auth/auth-service.key", "auth/secret.key"] {
        assert_eq!(fs::metadata(root.path().join(key)).unwrap().permissions().mode() & 0o777, 0o600, "{key}");
    }
}

#[test]
fn a_second_run_renews_copies_and_keeps_the_secret() {
    let root = tempfile::tempdir().unwrap();
    let (secret, copy) = (root.path().join("auth/secret.key"), root.path().join("postgres/postgres.pem"));
    provision(root.path(), &readers(root.path())).unwrap();
    let first = (fs::read(&secret).unwrap(), fs::read(&copy).unwrap());
    fs::remove_file(root.path().join("authority/postgres.pem")).unwrap();
    provision(root.path(), &readers(root.path())).unwrap();
    assert_eq!(first.0, fs::read(&secret).unwrap());
    assert_ne!(first.1, fs::read(&copy).unwrap());
}

#[test]
fn a_secret_is_64_hexadecimal_digits_and_never_the_same() {
    let (one, two) = (certs::new_secret().unwrap(), certs::new_secret().unwrap());
    assert!(one.len() == 64 && one.bytes().all(|digit| digit.is_ascii_hexdigit()));
    assert_ne!(one, two);
}

#[test]
fn a_reader_that_cannot_be_understood_is_refused() {
    for text in ["postgres", "postgres:root:postgres", "a:1:b:c"] {
        assert!(text.parse::<Reader>().is_err(), "{text}");
    }
}

#[test]
fn the_program_does_what_a_container_asks() {
    let root = tempfile::tempdir().unwrap();
    let uid = fs::metadata(root.path()).unwrap().uid();
    let mut certs = Command::new(env!("CARGO_BIN_EXE_certs"));
    certs.arg("provision").arg(root.path()).arg(format!("client:{uid}:client"));
    assert!(certs.status().unwrap().success());
    assert_eq!(names(&root.path().join("client")), ["ca.pem", "client.key", "client.pem"]);
}
