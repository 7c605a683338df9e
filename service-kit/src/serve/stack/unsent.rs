//! Answers that cannot be sent, because they are larger than a message may be. tonic finds out when the headers are gone
//! already, and ends the stream without a reason; here the trailers get one.

use std::num::NonZeroUsize;

use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::status::{Reason, Refusal};

/// The answer, with a reason if it is cut short.
pub(super) fn explain(answer: Response<Body>, max_bytes: NonZeroUsize) -> Response<Body> {
    let watched = move |body: Body| {
        body.map_frame(move |mut frame| {
            if let Some(trailers) = frame.trailers_mut() {
                give_reason(trailers, max_bytes);
            }
            frame
        })
    };
    answer.map(|body| Body::new(watched(body)))
}

fn give_reason(trailers: &mut HeaderMap, max_bytes: NonZeroUsize) {
    let status = Status::from_header_map(trailers);
    let too_large = |status: &Status| status.code() == Code::OutOfRange && status.details().is_empty();
    if status.as_ref().is_some_and(too_large) {
        let message = format!("the answer is larger than {max_bytes} bytes: ask for less");
        let refusal = Refusal::new(Code::ResourceExhausted, Reason::MessageTooLarge, message);
        // It cannot fail: the message is ASCII and the details are encoded.
        drop(Status::from(refusal.with("limit", max_bytes.to_string())).add_header(trailers));
    }
}
