//! Pages (AIP-158): how many items, and from where on.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tonic::{Code, Status};

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::field::Invalid;
pub use crate::sealed::Scope;
use crate::sealed::Tokens;
use crate::secret::Secret;
use crate::status::{Reason, Refusal};

/// Longest page token that is looked at, in characters, where a page has nothing to say but its key.
pub const MAX_TOKEN: usize = 1024;
/// Life of a page token.
const LIFE: Duration = Duration::from_hours(24);

/// How many items a page holds at most: 1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    const DEFAULT: u16 = 50;
    const MAX: u16 = 1000;

    /// 0 means 50, more than 1000 counts as 1000, and a negative number is refused (AIP-158).
    pub fn parse(size: i32) -> Result<Self, Invalid> {
        match u16::try_from(size) {
            Ok(0) => Ok(Self(Self::DEFAULT)),
            Ok(size) => Ok(Self(size.min(Self::MAX))),
            Err(_) if size > 0 => Ok(Self(Self::MAX)),
            Err(_) => Err(Invalid::new("not be negative")),
        }
    }

    /// The rows to ask for: one more than the page holds tells whether another page follows.
    #[must_use]
    pub fn rows(self) -> i64 {
        i64::from(self.0) + 1
    }
}

/// One page, and the key of its last item if more follow.
#[derive(Debug)]
pub struct Page<T, K> {
    /// The items.
    pub items: Vec<T>,
    /// The key after which the next page begins.
    pub next: Option<K>,
}

impl<T, K> Page<T, K> {
    /// From up to [`PageSize::rows`] items.
    pub fn new(mut items: Vec<T>, size: PageSize, key: impl Fn(&T) -> K) -> Self {
        let more = items.len() > usize::from(size.0);
        items.truncate(size.0.into());
        let next = items.last().filter(|_| more).map(key);
        Self { items, next }
    }
}

/// Makes and reads page tokens.
pub struct PageTokens(Tokens);

/// The token is not one of ours, or is altered, too old, or was given out for another call.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidToken;

impl PageTokens {
    /// `None` only if the cipher refuses the key that was derived for it.
    #[must_use]
    pub fn new(secret: &Secret, clock: Clock, entropy: Entropy) -> Option<Self> {
        Tokens::new(secret, "page-token", LIFE, clock, entropy).map(Self)
    }

    /// A token for the page after `key`; empty where there is none.
    #[must_use]
    pub fn seal<K: Serialize>(&self, scope: Scope<'_>, key: Option<K>) -> String {
        key.map(|key| self.0.seal(scope, &key)).unwrap_or_default()
    }

    /// The key after which the page begins; none for the first page, whose token is empty.
    pub fn open<K: DeserializeOwned>(&self, scope: Scope<'_>, token: &str) -> Result<Option<K>, InvalidToken> {
        if token.is_empty() {
            return Ok(None);
        }
        self.0.open(scope, token).map(Some).map_err(|_| InvalidToken)
    }
}

impl From<InvalidToken> for Status {
    fn from(InvalidToken: InvalidToken) -> Self {
        let message = "the page token is not valid for this call; start again from the first page";
        Refusal::new(Code::InvalidArgument, Reason::PageTokenInvalid, message)
            .violations([("page_token".to_owned(), "must be the next_page_token of the page before".to_owned())])
            .into()
    }
}
