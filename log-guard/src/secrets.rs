//! The list of what must not be told.

use std::collections::HashSet;

/// Characters that are looked for at once. A part of a secret is found too if it is twice as long.
const WINDOW: usize = 12;
/// Shortest secret, in bytes, that can be told from other text.
pub const SHORTEST: usize = WINDOW;

/// Secrets, cut into pieces that do not overlap: the search costs the same for one and for thousands.
#[derive(Debug, Default)]
pub struct Secrets {
    pieces: HashSet<[u8; WINDOW]>,
}

impl Secrets {
    /// Adds a secret, and returns the pieces that are new. Of a JWT that is its signature: what it says is no secret, and
    /// its header is that of all others.
    ///
    /// # Panics
    /// When it is shorter than [`SHORTEST`].
    pub fn plant(&mut self, secret: &str) -> Vec<[u8; WINDOW]> {
        let secret = secret.rsplit_once('.').map_or(secret, |(_, signature)| signature).as_bytes();
        let last = secret.last_chunk().expect("a secret of twelve bytes or more");
        let (pieces, _) = secret.as_chunks();
        pieces.iter().chain([last]).copied().filter(|piece| self.pieces.insert(*piece)).collect()
    }

    /// Whether some of them are in a text.
    #[must_use]
    pub fn are_in(&self, text: &[u8]) -> bool {
        text.array_windows().any(|window| self.pieces.contains(window))
    }
}
