//! What a refusal says, for tests to compare.

use std::collections::BTreeSet;

use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The reason in the error's `ErrorInfo`; empty when it has none, which no error of ours may.
#[must_use]
pub fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// Code and reason.
#[must_use]
pub fn told(status: &Status) -> (Code, String) {
    (status.code(), reason(status))
}

/// The paths of all fields that were refused.
#[must_use]
pub fn fields(status: &Status) -> BTreeSet<String> {
    let violations = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}
