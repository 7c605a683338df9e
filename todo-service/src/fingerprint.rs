//! What a creating request said, in 32 bytes: by this a repeat is told from another request under the same id.

use aws_lc_rs::digest;
use uuid::Uuid;

/// SHA-256 over who asked, and over each field that was set: its number, its length and its bytes. A field that a later
/// version adds changes nothing for requests that do not set it, so repeats are known across an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a request of `caller`; the fields of its resource with their numbers in the .proto file, in ascending order, and
    /// as number 0 the id that the client chose.
    #[must_use]
    pub fn new(caller: Uuid, fields: &[(u8, &[u8])]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(caller.as_bytes());
        for (number, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            context.update(&[*number]);
            context.update(&(value.len() as u64).to_be_bytes());
            context.update(value);
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        Self(hash)
    }

    /// As it is stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
