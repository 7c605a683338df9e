//! Counts the elements of a repeated field as their bytes come by.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use service_kit::field::{Fields, Invalid};
use tonic::Status;
use tonic::body::Body;

use crate::todo::MAX_BATCH;

/// The number of the field that is counted.
const NUMBER: u64 = 2;
/// Flag and length before a message (gRPC over HTTP/2, "Length-Prefixed-Message").
const PREFIX: u64 = 5;

/// The body of a request of one message, which ends with a refusal at one element too many.
pub(super) struct Counted {
    body: Body,
    field: &'static str,
    place: Place,
    count: usize,
}

/// What the next byte is.
#[derive(Clone, Copy)]
enum Place {
    /// One of so many that are of no interest.
    Inside(u64),
    /// Of the number and kind of a field: what is known of it, and how many bits.
    Tag(u64, u32),
    /// Of the length of a value.
    Length(u64, u32),
    /// Of a number as a value.
    Number,
    /// Of something that no message has: the decoder will say so.
    Unknown,
}

impl Counted {
    pub(super) fn new(body: Body, field: &'static str) -> Self {
        Self { body, field, place: Place::Inside(PREFIX), count: 0 }
    }

    fn look(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            bytes = rest;
            self.place = match self.place {
                Place::Inside(left) => {
                    let skipped = u64::try_from(rest.len()).unwrap_or(u64::MAX).min(left - 1);
                    bytes = rest.get(usize::try_from(skipped).unwrap_or(usize::MAX)..).unwrap_or_default();
                    inside(left - 1 - skipped)
                }
                Place::Tag(low, bits) => match varint(low, bits, byte) {
                    Part::More(low, bits) => Place::Tag(low, bits),
                    Part::Whole(tag) => self.field(tag),
                    Part::Wrong => Place::Unknown,
                },
                Place::Length(low, bits) => match varint(low, bits, byte) {
                    Part::More(low, bits) => Place::Length(low, bits),
                    Part::Whole(length) => inside(length),
                    Part::Wrong => Place::Unknown,
                },
                Place::Number if byte < 0x80 => Place::Tag(0, 0),
                Place::Number => Place::Number,
                Place::Unknown => return,
            };
        }
    }

    /// What comes after a tag.
    fn field(&mut self, tag: u64) -> Place {
        if tag >> 3 == NUMBER {
            self.count += 1;
        }
        match tag & 7 {
            0 => Place::Number,
            1 => Place::Inside(8),
            2 => Place::Length(0, 0),
            5 => Place::Inside(4),
            _ => Place::Unknown,
        }
    }

    fn refusal(&self) -> Status {
        let mut fields = Fields::default();
        fields.refuse(self.field, Invalid::new(format!("have 1 to {MAX_BATCH} elements")));
        match fields.all((None::<()>,)) {
            Err(status) => status,
            Ok(_) => Status::internal("a refusal"),
        }
    }
}

fn inside(left: u64) -> Place {
    if left == 0 { Place::Tag(0, 0) } else { Place::Inside(left) }
}

enum Part {
    More(u64, u32),
    Whole(u64),
    Wrong,
}

/// A number of seven bits a byte, the least first.
fn varint(low: u64, bits: u32, byte: u8) -> Part {
    let value = low | u64::from(byte & 0x7f) << bits.min(63);
    match (byte < 0x80, bits) {
        (_, 64..) => Part::Wrong,
        (true, _) => Part::Whole(value),
        (false, _) => Part::More(value, bits + 7),
    }
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.look(data);
            if self.count > MAX_BATCH {
                return Poll::Ready(Some(Err(self.refusal())));
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
