//! How a refusal looks on the wire: one message, and details that a program can read (AIP-193).

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::postgres;

pub use proto::access::v1::ErrorReason as Reason;
pub use proto::reason::DOMAIN;

/// An error on its way to the caller. Every one carries an `ErrorInfo`; the values in its metadata are
/// those of the message.
#[derive(Debug)]
pub struct Refusal {
    code: Code,
    reason: &'static str,
    message: String,
    metadata: HashMap<String, String>,
    details: ErrorDetails,
}

impl Refusal {
    /// A refusal for a reason of the contract.
    pub fn new(code: Code, reason: impl proto::Reason, message: impl Into<String>) -> Self {
        let reason = reason.as_reason();
        Self { code, reason, message: message.into(), metadata: HashMap::new(), details: ErrorDetails::new() }
    }

    /// A value of the message, for programs.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.metadata.insert(key.to_owned(), value.into());
        self
    }

    /// Every field that was refused: its path and why.
    #[must_use]
    pub fn violations(mut self, fields: impl IntoIterator<Item = (String, String)>) -> Self {
        for (path, why) in fields {
            self.details.add_bad_request_violation(path, why);
        }
        self
    }

    /// When another try may succeed.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.details.set_retry_info(Some(delay));
        self
    }

    /// The resource that it is about: its type and name.
    #[must_use]
    pub fn resource(mut self, kind: &str, name: &str) -> Self {
        self.details.set_resource_info(kind, name, "", "");
        self
    }

    /// The limit that was reached, and whose it is.
    #[must_use]
    pub fn quota(mut self, subject: &str, description: &str) -> Self {
        self.details.add_quota_failure_violation(subject, description);
        self
    }

    /// The condition that did not hold.
    #[must_use]
    pub fn precondition(mut self, kind: &str, subject: &str, description: &str) -> Self {
        self.details.add_precondition_failure_violation(kind, subject, description);
        self
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, reason, message, metadata, mut details } = refusal;
        details.set_error_info(reason, DOMAIN, metadata);
        Status::with_error_details(code, message, details)
    }
}

/// The same for every resource that is not there *or not the caller's*: byte for byte.
#[must_use]
pub fn not_found(kind: &str, name: &str) -> Status {
    Refusal::new(Code::NotFound, Reason::NotFound, format!("{name} was not found"))
        .with("resource", name)
        .resource(kind, name)
        .into()
}

/// The same refusal, of one element of a batch: its place is the metadata's `index`.
#[must_use]
pub fn of_element(status: &Status, index: usize) -> Status {
    let mut details = status.get_error_details();
    if let Some(info) = details.error_info().cloned() {
        let metadata: HashMap<_, _> =
            info.metadata.into_iter().chain([("index".to_owned(), index.to_string())]).collect();
        details.set_error_info(info.reason, info.domain, metadata);
    }
    Status::with_error_details(status.code(), status.message(), details)
}

/// A fault of ours: the cause is logged once, here, and never sent. The caller has the request id.
#[must_use]
pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Status {
    tracing::error!(cause, "internal fault");
    Refusal::new(Code::Internal, Reason::Internal, "internal fault; quote the x-request-id of this answer").into()
}

/// What the database's failure means to the caller.
#[must_use]
pub fn database(error: &postgres::Error) -> Status {
    use postgres::Error as E;
    let unavailable = |reason: Reason, message: &str| Refusal::new(Code::Unavailable, reason, message);
    match error {
        E::Unavailable(cause) | E::Timeout(cause) => {
            tracing::warn!(cause, "database unavailable");
            unavailable(Reason::DatabaseUnavailable, "the database is out of reach; nothing was changed")
                .retry_after(Duration::from_secs(1))
                .into()
        }
        E::Exhausted => {
            Refusal::new(Code::ResourceExhausted, Reason::Overloaded, "too many requests at once; nothing was changed")
                .retry_after(Duration::from_secs(1))
                .into()
        }
        E::Unknown => {
            tracing::warn!("the outcome of a write is unknown");
            let message =
                "the write may or may not have been applied; repeat it with the same request_id, or read first";
            Refusal::new(Code::Unknown, Reason::OutcomeUnknown, message).into()
        }
        E::Conflict(_) | E::Corrupt { .. } | E::Panicked(_) | E::Fault(_) => internal(error),
    }
}
