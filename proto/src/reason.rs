//! Reasons of errors, as `google.rpc.ErrorInfo` carries them.

use crate::{access, auth, todo};

/// The `domain` of every `google.rpc.ErrorInfo` of this API.
pub const DOMAIN: &str = "todo.local";

/// A value of one of the enums named `ErrorReason`.
pub trait Reason: Copy {
    /// The name of the value in the .proto file: `ERROR_REASON_TOKEN_MISSING`.
    fn value_name(self) -> &'static str;

    /// What `ErrorInfo.reason` says: the name without the prefix, `TOKEN_MISSING` (AIP-193).
    fn as_reason(self) -> &'static str {
        let name = self.value_name();
        name.strip_prefix("ERROR_REASON_").unwrap_or(name)
    }
}

impl Reason for access::v1::ErrorReason {
    fn value_name(self) -> &'static str {
        self.as_str_name()
    }
}

impl Reason for auth::v1::ErrorReason {
    fn value_name(self) -> &'static str {
        self.as_str_name()
    }
}

impl Reason for todo::v1::ErrorReason {
    fn value_name(self) -> &'static str {
        self.as_str_name()
    }
}
