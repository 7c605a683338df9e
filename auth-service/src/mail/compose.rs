//! A letter as a message (RFC 5322), ready to be sent.

use std::time::SystemTime;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use time::OffsetDateTime;
use uuid::Uuid;

use super::letter::Text;
use crate::user::Email;

/// No message can be made: mail cannot go to such an address.
#[derive(Debug)]
pub(super) struct Unaddressable;

/// The message for the errand of this id. Its Message-ID is made from the id, so that whoever gets it twice can tell.
pub(super) fn compose(
    id: Uuid,
    from: &Mailbox,
    to: &Email,
    text: Text,
    now: OffsetDateTime,
) -> Result<Message, Unaddressable> {
    // Parsed, not pasted: an address that mail has no form for cannot get into a header.
    let to = Mailbox::new(None, to.as_str().parse().map_err(|_| Unaddressable)?);
    let message_id = format!("<{id}@{}>", from.email.domain());
    let parts = MultiPart::alternative().boundary(id.simple().to_string());
    let parts = parts.singlepart(SinglePart::plain(text.plain)).singlepart(SinglePart::html(text.html));
    Message::builder()
        .from(from.clone())
        .to(to)
        .subject(text.subject)
        .date(SystemTime::from(now))
        .message_id(Some(message_id))
        // Nobody's absence is told to us (RFC 3834).
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
        .multipart(parts)
        .map_err(|_| Unaddressable)
}
