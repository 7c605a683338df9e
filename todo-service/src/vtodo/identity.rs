//! Which todo a VTODO is.

use aws_lc_rs::digest;
use uuid::Uuid;

/// The id of the todo that a UID names; `recurrence` is the RECURRENCE-ID of the one occurrence that it is, or empty.
///
/// It follows from them alone, so whoever imports a text again finds what is there. A UID that is the id of a todo, as our
/// own export writes it, is that id; of any other, a hash (UUID version 8; RFC 9562, 5.8).
#[must_use]
pub fn id(uid: &str, recurrence: &str) -> Uuid {
    let own = Uuid::try_parse(uid).ok().filter(|id| recurrence.is_empty() && !id.is_nil() && id.to_string() == uid);
    own.unwrap_or_else(|| hashed(&[b"uid", uid.as_bytes(), recurrence.as_bytes()]))
}

/// The id of the nth todo of an import that has none of its own: it follows from the import's.
#[must_use]
pub fn nth(import: Uuid, n: u64) -> Uuid {
    hashed(&[b"nth", import.as_bytes(), &n.to_be_bytes()])
}

fn hashed(parts: &[&[u8]]) -> Uuid {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"todo.local/import");
    for part in parts {
        // With its length, so that no two sequences of parts are the same bytes.
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(context.finish().as_ref()) {
        *byte = *hashed;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
