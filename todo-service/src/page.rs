//! Pages (AIP-158): how many items, and from where on.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::field::Invalid;
use service_kit::secret::{Sealer, Secret};
use uuid::Uuid;

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

    /// A token for the page after `key`; empty where there is none. (Sealing fails above 64 GiB alone.)
    #[must_use]
    pub fn seal<const N: usize>(&self, scope: Scope<'_>, key: Option<[Uuid; N]>) -> String {
        let sealed = key.and_then(|key| {
            let mut plain = self.clock.unix().to_be_bytes().to_vec();
            plain.extend(key.iter().flat_map(Uuid::as_bytes));
            self.sealer.seal(&self.entropy, &scope.bytes(), &plain)
        });
        sealed.map(|sealed| BASE64_URL_SAFE_NO_PAD.encode(sealed)).unwrap_or_default()
    }

    /// The key after which the page begins; none for the first page, whose token is empty.
    pub fn open<const N: usize>(&self, scope: Scope<'_>, token: &str) -> Result<Option<[Uuid; N]>, InvalidToken> {
        if token.is_empty() {
            return Ok(None);
        }
        self.read(scope, token).map(Some).ok_or(InvalidToken)
    }

    fn read<const N: usize>(&self, scope: Scope<'_>, token: &str) -> Option<[Uuid; N]> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let plain = self.sealer.open(&scope.bytes(), &sealed)?;
        let (time, key) = plain.split_first_chunk()?;
        if self.clock.unix().saturating_sub(i64::from_be_bytes(*time)) > LIFE {
            return None;
        }
        let (uuids, []) = key.as_chunks::<16>() else { return None };
        let uuids: [[u8; 16]; N] = uuids.try_into().ok()?;
        Some(uuids.map(Uuid::from_bytes))
    }
}
