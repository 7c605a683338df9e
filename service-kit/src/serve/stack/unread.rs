//! Requests that reach no handler, because tonic cannot read them. It then answers by itself, without a reason, and with
//! INTERNAL for what is the caller's mistake; here such answers become ours.

use std::num::NonZeroUsize;

use http::Response;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::serve::limits::RequestLimit;
use crate::status::{Reason, Refusal};

/// The header by which an answer says which compression is read, identity alone (gRPC, "compression").
const ACCEPTED: &str = "grpc-accept-encoding";

/// The answer, with a reason. Our own answers all carry details, so one without is tonic's.
pub(super) fn explain(answer: Response<Body>, max_bytes: NonZeroUsize) -> Response<Body> {
    let Some(unread) = Status::from_header_map(answer.headers()).filter(|status| status.details().is_empty()) else {
        return answer;
    };
    let max_bytes = answer.extensions().get::<RequestLimit>().map_or(max_bytes, |limit| limit.0);
    let Some(refusal) = refusal(&unread, max_bytes) else { return answer };
    let mut status = Status::from(refusal);
    *status.metadata_mut() = unread.metadata().clone();
    status.into_http()
}

/// Why a message of a stream of requests, later than the first, cannot be read; in the words in which the first would be
/// refused.
#[must_use]
pub fn unreadable(status: Status, max_bytes: NonZeroUsize) -> Status {
    let is_tonics = status.details().is_empty();
    refusal(&status, max_bytes).filter(|_| is_tonics).map_or(status, Status::from)
}

fn refusal(status: &Status, max_bytes: NonZeroUsize) -> Option<Refusal> {
    match status.code() {
        Code::OutOfRange => {
            let message = format!("the request is larger than {max_bytes} bytes");
            let refusal = Refusal::new(Code::ResourceExhausted, Reason::MessageTooLarge, message);
            Some(refusal.with("limit", max_bytes.to_string()))
        }
        // It names the field that does not decode, and no value.
        Code::Internal => Some(Refusal::new(Code::InvalidArgument, Reason::MessageMalformed, status.message())),
        Code::Unimplemented if status.metadata().contains_key(ACCEPTED) => {
            Some(Refusal::new(Code::Unimplemented, Reason::CompressionUnsupported, "a request must not be compressed"))
        }
        // Of health and reflection, which are not our contract.
        _ => None,
    }
}
