//! The reasons of errors: each that the contract lists is provoked by a test.

use std::{collections::BTreeSet, fs};

use crate::workspace;

const ENUMS: [&str; 3] = [
    "proto/api/access/v1/error_reason.proto",
    "proto/api/auth/v1/error_reason.proto",
    "proto/api/todo/v1/error_reason.proto",
];

/// # Errors
/// With every reason that no test names.
pub(super) fn check() -> anyhow::Result<()> {
    let root = workspace::root();
    let mut missing = BTreeSet::new();
    for file in ENUMS {
        missing.extend(reasons(&fs::read_to_string(root.join(file))?));
    }
    let files = workspace::rust_files(root)?;
    for (_, text) in files.iter().filter(|(path, _)| path.components().any(|part| part.as_os_str() == "tests")) {
        missing.retain(|reason| !text.contains(&format!("\"{reason}\"")));
    }
    anyhow::ensure!(missing.is_empty(), "no test provokes {missing:?}");
    Ok(())
}

/// The names of an enum's values, as they are sent.
fn reasons(proto: &str) -> impl Iterator<Item = String> {
    let values = proto.lines().filter_map(|line| line.trim().strip_prefix("ERROR_REASON_")?.split_once(" ="));
    values.map(|(name, _)| name.to_owned()).filter(|name| name != "UNSPECIFIED")
}

#[cfg(test)]
mod tests {
    use super::reasons;

    #[test]
    fn values_are_read_as_they_are_sent_and_the_zero_is_none() {
        let proto = "enum ErrorReason {\n  ERROR_REASON_UNSPECIFIED = 0;\n  // why\n  ERROR_REASON_NOT_FOUND = 10;\n}";
        assert!(reasons(proto).eq(["NOT_FOUND".to_owned()]));
    }
}
