//! Versions: a list counts its changes, and a todo carries the count of its last one.

mod vector;

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use service_kit::field::{self, Invalid};

pub use self::vector::{MAX_LISTS, Revisions};

/// Longest etag that is looked at, in code points.
const MAX_ETAG: usize = 64;

/// A version of a list, or of a todo in it. Within a list no two changes have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(i64);

impl Revision {
    /// The version that no resource ever has: before all of them.
    pub(crate) const NEVER: Self = Self(-1);
    /// The version that a list is made with.
    pub(crate) const FIRST: Self = Self(0);

    /// As the database counts.
    #[must_use]
    pub fn new(count: i64) -> Self {
        Self(count)
    }

    /// As the database counts.
    #[must_use]
    pub fn count(self) -> i64 {
        self.0
    }
}

/// The version that a client wants to change (AIP-154): an opaque text that only we make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Etag(Revision);

impl Etag {
    /// The version meant.
    #[must_use]
    pub fn revision(self) -> Revision {
        self.0
    }
}

impl From<Revision> for Etag {
    fn from(revision: Revision) -> Self {
        Self(revision)
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0.0.to_be_bytes()))
    }
}

impl FromStr for Etag {
    type Err = Invalid;

    /// A text that we never made is well-formed, and matches nothing: the client is told to read again.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        field::length(text, 0, MAX_ETAG)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        Ok(Self(bytes.map_or(Revision::NEVER, |bytes| Revision(i64::from_be_bytes(bytes)))))
    }
}
