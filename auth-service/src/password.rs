//! Passwords as people type them, and the gate in front of the hash function.
//!
//! A password is its UTF-8 bytes, not normalised: normalisation would bind every stored hash to one version of Unicode's
//! tables and make different passwords one, while keyboards already send one form.

mod gate;
mod stored;
mod strength;

use std::fmt;

use service_kit::field::{self, Invalid};
use zeroize::Zeroizing;

pub use self::gate::{Compared, Hasher, Refused, Settings};
pub use self::stored::{Cost, CostError, PasswordHash};

/// Fewest code points of a password that is chosen: the only factor of its user (NIST SP 800-63B-4).
const SHORTEST: usize = 15;
/// Most code points of any password.
const LONGEST: usize = 128;

/// A password; wiped from memory when it is dropped, and never printed.
pub struct Password(Zeroizing<String>);

impl Password {
    /// A password that somebody chooses: 15 to 128 code points of any kind. Whether it is easy to guess is found when it is
    /// hashed, which is where such work belongs.
    pub fn chosen(text: String) -> Result<Self, Invalid> {
        Self::of(text, SHORTEST)
    }

    /// A password that somebody claims to have chosen: 1 to 128 code points.
    pub fn presented(text: String) -> Result<Self, Invalid> {
        Self::of(text, 1)
    }

    fn of(text: String, shortest: usize) -> Result<Self, Invalid> {
        let text = Zeroizing::new(text);
        field::length(&text, shortest, LONGEST)?;
        Ok(Self(text))
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}
