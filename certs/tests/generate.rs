//! The directory of development certificates: complete, private, idempotent.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use certs::{LIFETIME, RENEW_BEFORE, generate};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime, macros::datetime};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, parse_x509_certificate, pem::parse_x509_pem};

const NOW: OffsetDateTime = datetime!(2026-11-21 12:00 UTC);

struct Directory(TempDir);

impl Directory {
    fn generated() -> Self {
        let directory = Self(tempfile::tempdir().unwrap());
        generate(directory.path(), NOW).unwrap();
        directory
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let files = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path());
        files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }

    fn with_certificate<T>(&self, name: &str, look: impl FnOnce(&X509Certificate<'_>) -> T) -> T {
        let pem = fs::read(self.file(&format!("{name}.pem"))).unwrap();
        let (_, pem) = parse_x509_pem(&pem).unwrap();
        look(&parse_x509_certificate(&pem.contents).unwrap().1)
    }

    fn names(&self, name: &str) -> Vec<String> {
        self.with_certificate(name, |cert| {
            let names = cert.subject_alternative_name().unwrap();
            names.map_or_else(Vec::new, |found| found.value.general_names.iter().map(GeneralName::to_string).collect())
        })
    }

    fn common_name(&self, name: &str) -> String {
        self.with_certificate(name, |cert| {
            cert.subject().iter_common_name().next().unwrap().as_str().unwrap().to_owned()
        })
    }
}

#[test]
fn a_second_call_changes_nothing() {
    let directory = Directory::generated();
    let before = directory.contents();
    let outcome = generate(directory.path(), NOW + Duration::days(1)).unwrap();
    assert!(!outcome.authority_made);
    assert!(outcome.issued.is_empty());
    assert_eq!(directory.contents(), before);
}

#[test]
fn keys_are_for_their_owner_only() {
    let directory = Directory::generated();
    let keys: Vec<_> = directory.contents().into_keys().filter(|p| p.extension().is_some_and(|e| e == "key")).collect();
    assert_eq!(keys.len(), 10);
    for key in keys {
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600, "{key:?}");
    }
}

#[test]
fn a_service_has_one_uri_and_the_names_it_is_called_by() {
    let directory = Directory::generated();
    assert_eq!(
        directory.names("todo-service"),
        [
            "URI(spiffe://todo.local/todo-service)",
            "DNSName(todo-service)",
            "DNSName(localhost)",
            "IPAddress(7f:00:00:01)"
        ]
    );
}

#[test]
fn a_client_cannot_answer_as_a_server() {
    let directory = Directory::generated();
    directory.with_certificate("client", |cert| {
        let usage = cert.extended_key_usage().unwrap().unwrap().value.clone();
        assert!(usage.client_auth && !usage.server_auth);
    });
}

#[test]
fn a_database_role_is_the_common_name_and_no_peer() {
    let directory = Directory::generated();
    for (name, role) in [
        ("db-auth-service", "auth_service"),
        ("db-auth-migrator", "auth_migrator"),
        ("db-todo-service", "todo_service"),
        ("db-todo-migrator", "todo_migrator"),
        ("db-admin", "postgres"),
    ] {
        assert_eq!(directory.common_name(name), role);
        assert!(directory.names(name).is_empty(), "{name}");
    }
}

#[test]
fn the_authority_signs_leaves_and_lists_and_nothing_below() {
    Directory::generated().with_certificate("ca", |cert| {
        let constraints = cert.basic_constraints().unwrap().unwrap().value;
        assert!(constraints.ca);
        assert_eq!(constraints.path_len_constraint, Some(0));
        let usage = cert.key_usage().unwrap().unwrap().value;
        assert!(usage.key_cert_sign() && usage.crl_sign() && !usage.digital_signature());
    });
}

#[test]
fn a_leaf_lives_ninety_days_and_is_renewed_thirty_days_before_its_end() {
    let directory = Directory::generated();
    directory.with_certificate("client", |cert| {
        assert_eq!(cert.validity().not_after.to_datetime(), NOW + Duration::days(90));
    });
    let renewal = NOW + LIFETIME - RENEW_BEFORE;
    let just_before = generate(directory.path(), renewal - Duration::seconds(1)).unwrap();
    assert!(just_before.issued.is_empty());
    let just_after = generate(directory.path(), renewal).unwrap();
    assert!(!just_after.authority_made);
    assert_eq!(just_after.issued.len(), 9);
}

#[test]
fn a_missing_a_damaged_and_an_open_file_are_each_made_anew() {
    let directory = Directory::generated();
    fs::remove_file(directory.file("client.key")).unwrap();
    fs::write(directory.file("postgres.pem"), "no certificate").unwrap();
    fs::set_permissions(directory.file("db-admin.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let outcome = generate(directory.path(), NOW).unwrap();
    assert_eq!(outcome.issued, ["client", "postgres", "db-admin"]);
}

#[test]
fn the_key_of_another_leaf_is_noticed() {
    let directory = Directory::generated();
    fs::copy(directory.file("client.key"), directory.file("postgres.key")).unwrap();
    assert_eq!(generate(directory.path(), NOW).unwrap().issued, ["postgres"]);
}

#[test]
fn a_leaf_of_another_authority_is_made_anew() {
    let (directory, other) = (Directory::generated(), Directory::generated());
    for file in ["client.pem", "client.key"] {
        fs::copy(other.file(file), directory.file(file)).unwrap();
    }
    assert_eq!(generate(directory.path(), NOW).unwrap().issued, ["client"]);
}

#[test]
fn a_new_authority_brings_new_leaves() {
    let directory = Directory::generated();
    fs::remove_file(directory.file("ca.key")).unwrap();
    let outcome = generate(directory.path(), NOW).unwrap();
    assert!(outcome.authority_made);
    assert_eq!(outcome.issued.len(), 9);
}

#[test]
fn an_authority_that_a_leaf_would_outlive_is_replaced() {
    let directory = Directory::generated();
    let end = directory.with_certificate("ca", |cert| cert.validity().not_after.to_datetime());
    assert!(!generate(directory.path(), end - LIFETIME - Duration::seconds(1)).unwrap().authority_made);
    assert!(generate(directory.path(), end - LIFETIME).unwrap().authority_made);
}
