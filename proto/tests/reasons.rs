//! Reasons of errors, across the three enums.

use std::collections::BTreeSet;

use prost_reflect::DescriptorPool;
use proto::{Reason as _, access, auth, todo};

/// The reasons of all enums named `ErrorReason`, as clients get them.
fn reasons() -> Vec<String> {
    let pool = DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).expect("a descriptor set");
    pool.all_enums()
        .filter(|candidate| candidate.name() == "ErrorReason")
        .flat_map(|reasons| reasons.values().collect::<Vec<_>>())
        .filter(|value| value.number() != 0)
        .map(|value| value.name().trim_start_matches("ERROR_REASON_").to_owned())
        .collect()
}

#[test]
fn a_reason_is_the_name_of_its_value_without_the_prefix() {
    assert_eq!(access::v1::ErrorReason::TokenMissing.as_reason(), "TOKEN_MISSING");
    assert_eq!(auth::v1::ErrorReason::UsernameTaken.as_reason(), "USERNAME_TAKEN");
    assert_eq!(todo::v1::ErrorReason::IdTaken.as_reason(), "ID_TAKEN");
}

#[test]
fn a_reason_means_one_thing_in_all_packages() {
    let all = reasons();
    let distinct: BTreeSet<_> = all.iter().collect();
    assert_eq!(all.len(), distinct.len(), "{all:?}");
}

#[test]
fn a_reason_has_the_form_that_aip_193_asks_for() {
    for reason in reasons() {
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase());
        assert!(reason.len() <= 63 && reason.split('_').all(is_word), "{reason}");
    }
}
