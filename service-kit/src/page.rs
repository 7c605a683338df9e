//! Pages (AIP-158): how many items, and from where on.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::field::Invalid;
use crate::secret::{Sealer, Secret};
use crate::status::{Reason, Refusal};

/// Longest page token that is looked at, in characters.
pub const MAX_TOKEN: usize = 1024;
/// Life of a page token, in seconds.
const LIFE: i64 = 24 * 60 * 60;

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

/// Makes and reads page tokens. A token is a sealed box, bound to what it was given out for: the caller, the rpc and the
/// arguments. It carries a key and no authority: each page is read with the rights of its caller.
pub struct PageTokens {
    sealer: Sealer,
    clock: Clock,
    entropy: Entropy,
}

/// The token is not one of ours, or is altered, too old, or was given out for another call.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidToken;

/// What a token is bound to.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Who pages.
    pub caller: Uuid,
    /// What is being paged through: the rpc.
    pub rpc: &'a str,
    /// The arguments that every page must share.
    pub arguments: &'a [u8],
}

impl Scope<'_> {
    fn bytes(self) -> Vec<u8> {
        [self.caller.as_bytes(), self.rpc.as_bytes(), b"\0", self.arguments].concat()
    }
}

impl PageTokens {
    /// `None` only if the cipher refuses the key that was derived for it.
    #[must_use]
    pub fn new(secret: &Secret, clock: Clock, entropy: Entropy) -> Option<Self> {
        Some(Self { sealer: secret.sealer("page-token")?, clock, entropy })
    }

    /// A token for the page after `key`; empty where there is none. (Neither writing the key nor sealing it fails for the
    /// keys of any page: texts, numbers and ids, below 64 GiB.)
    #[must_use]
    pub fn seal<K: Serialize>(&self, scope: Scope<'_>, key: Option<K>) -> String {
        let sealed = key.and_then(|key| {
            let mut plain = self.clock.unix().to_be_bytes().to_vec();
            serde_json::to_writer(&mut plain, &key).ok()?;
            self.sealer.seal(&self.entropy, &scope.bytes(), &plain)
        });
        sealed.map(|sealed| BASE64_URL_SAFE_NO_PAD.encode(sealed)).unwrap_or_default()
    }

    /// The key after which the page begins; none for the first page, whose token is empty.
    pub fn open<K: DeserializeOwned>(&self, scope: Scope<'_>, token: &str) -> Result<Option<K>, InvalidToken> {
        if token.is_empty() {
            return Ok(None);
        }
        self.read(scope, token).map(Some).ok_or(InvalidToken)
    }

    fn read<K: DeserializeOwned>(&self, scope: Scope<'_>, token: &str) -> Option<K> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let plain = self.sealer.open(&scope.bytes(), &sealed)?;
        let (time, key) = plain.split_first_chunk()?;
        let age = self.clock.unix().saturating_sub(i64::from_be_bytes(*time));
        if age > LIFE { None } else { serde_json::from_slice(key).ok() }
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
