//! Tokens that say where somebody is in what we tell piece by piece: sealed boxes, which the client hands back unread. A
//! token is bound to what it was given out for: the caller, the rpc and the arguments. It carries a place and no
//! authority: whatever it leads to is read with the rights of its caller.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::secret::{Sealer, Secret};

/// Longest token that is looked at, in characters: half of what a request may have.
pub const MAX_TOKEN: usize = 32_768;

/// Makes and reads tokens of one kind.
pub struct Tokens {
    sealer: Sealer,
    life: Duration,
    clock: Clock,
    entropy: Entropy,
}

/// Why a token leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidToken {
    /// It is not one of ours, or is altered, or was given out for another call.
    Foreign,
    /// It has had its time.
    TooOld,
}

/// What a token is bound to.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Who reads.
    pub caller: Uuid,
    /// What is being read: the rpc.
    pub rpc: &'a str,
    /// The arguments that all calls must share.
    pub arguments: &'a [u8],
}

impl Scope<'_> {
    fn bytes(self) -> Vec<u8> {
        [self.caller.as_bytes(), self.rpc.as_bytes(), b"\0", self.arguments].concat()
    }
}

impl Tokens {
    /// Of the kind that `purpose` names: those of another are foreign. `None` only if the cipher refuses the key that was
    /// derived for it.
    #[must_use]
    pub fn new(secret: &Secret, purpose: &str, life: Duration, clock: Clock, entropy: Entropy) -> Option<Self> {
        Some(Self { sealer: secret.sealer(purpose)?, life, clock, entropy })
    }

    /// A token for a place. (Neither writing the place nor sealing it fails for texts, numbers and ids, below 64 GiB.)
    #[must_use]
    pub fn seal<P: Serialize>(&self, scope: Scope<'_>, place: &P) -> String {
        let mut plain = self.clock.unix().to_be_bytes().to_vec();
        let written = serde_json::to_writer(&mut plain, place).ok();
        let sealed = written.and_then(|()| self.sealer.seal(&self.entropy, &scope.bytes(), &plain));
        sealed.map(|sealed| BASE64_URL_SAFE_NO_PAD.encode(sealed)).unwrap_or_default()
    }

    /// The place that a token was made for.
    pub fn open<P: DeserializeOwned>(&self, scope: Scope<'_>, token: &str) -> Result<P, InvalidToken> {
        let (made, place) = self.read(scope, token).ok_or(InvalidToken::Foreign)?;
        let age = u64::try_from(self.clock.unix().saturating_sub(made)).unwrap_or(0);
        if age > self.life.as_secs() { Err(InvalidToken::TooOld) } else { Ok(place) }
    }

    /// When it was made, in seconds since the epoch, and what it says.
    fn read<P: DeserializeOwned>(&self, scope: Scope<'_>, token: &str) -> Option<(i64, P)> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let plain = self.sealer.open(&scope.bytes(), &sealed)?;
        let (time, place) = plain.split_first_chunk()?;
        Some((i64::from_be_bytes(*time), serde_json::from_slice(place).ok()?))
    }
}
