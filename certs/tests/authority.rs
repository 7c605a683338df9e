//! What an authority signs for tests: odd leaves and revocation lists.

use certs::{Authority, Leaf, Usage};
use time::macros::datetime;
use x509_parser::{
    parse_x509_certificate, parse_x509_crl,
    pem::{Pem, parse_x509_pem},
};

fn der(pem: &str) -> Pem {
    parse_x509_pem(pem.as_bytes()).unwrap().1
}

#[test]
fn a_leaf_says_what_was_asked_and_is_signed() {
    let authority = Authority::new("test").unwrap();
    let issued = authority
        .issue(&Leaf {
            common_name: "odd".to_owned(),
            uris: vec!["spiffe://one".to_owned(), "spiffe://two".to_owned()],
            usages: vec![Usage::Server],
            not_before: datetime!(2021-01-01 0:00 UTC),
            not_after: datetime!(2021-02-01 0:00 UTC),
            ..Leaf::default()
        })
        .unwrap();
    let (leaf, ca) = (der(&issued.cert_pem), der(authority.cert_pem()));
    let (leaf, ca) = (leaf.parse_x509().unwrap(), ca.parse_x509().unwrap());
    assert!(leaf.verify_signature(Some(ca.public_key())).is_ok());
    assert_eq!(leaf.subject_alternative_name().unwrap().unwrap().value.general_names.len(), 2);
    assert_eq!(leaf.validity().not_after.to_datetime(), datetime!(2021-02-01 0:00 UTC));
    assert_eq!(leaf.raw_serial(), issued.serial);
    assert!(!leaf.is_ca());
}

#[test]
fn a_leaf_without_usages_has_no_usage_extension() {
    let issued = Authority::new("test").unwrap().issue(&Leaf::default()).unwrap();
    let pem = der(&issued.cert_pem);
    let (_, leaf) = parse_x509_certificate(&pem.contents).unwrap();
    assert!(leaf.extended_key_usage().unwrap().is_none());
}

#[test]
fn a_revocation_list_names_the_revoked_leaf_alone() {
    let authority = Authority::new("test").unwrap();
    let revoked = authority.issue(&Leaf::default()).unwrap();
    let list = der(&authority.revoke(std::slice::from_ref(&revoked.serial)).unwrap());
    let (_, list) = parse_x509_crl(&list.contents).unwrap();
    let serials: Vec<_> = list.iter_revoked_certificates().map(|entry| entry.raw_serial().to_vec()).collect();
    assert_eq!(serials, [revoked.serial]);
}

#[test]
fn an_authority_is_loaded_with_its_own_key_only() {
    let (one, two) = (Authority::new("one").unwrap(), Authority::new("two").unwrap());
    assert!(Authority::load(one.cert_pem(), &one.key_pem()).is_ok());
    assert!(Authority::load(one.cert_pem(), &two.key_pem()).is_err());
}
