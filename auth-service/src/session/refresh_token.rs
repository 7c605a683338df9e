//! Refresh tokens: `session || counter || HMAC-SHA256(session || counter)` in base64url.
//!
//! A token can be made again from its session and counter, which is how a retry gets the same successor although
//! only hashes are stored; and garbage is told from its MAC, before any question to the database.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use service_kit::secret::Secret;
use uuid::Uuid;
use zeroize::Zeroizing;

/// A refresh token on its way to its holder. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(Zeroizing<String>);

impl RefreshToken {
    /// The token, for the answer.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.0)
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(..)")
    }
}

/// The SHA-256 of a refresh token. A plain hash is enough for 256 bits that nobody can guess (ASVS 6.5.2).
#[derive(Clone, Debug)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn of(token: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        Self(bytes)
    }

    /// From the database; `None` unless it is 32 bytes long.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// For the database.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// In constant time.
impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for Fingerprint {}

/// A token that somebody presents, known to be made by us; whether it is still good is for its session to say.
#[derive(Clone, Debug)]
pub struct Presented {
    /// The session that it belongs to.
    pub session: Uuid,
    /// Its hash.
    pub fingerprint: Fingerprint,
}

/// Makes and recognises refresh tokens.
pub struct RefreshTokens(hmac::Key);

impl RefreshTokens {
    /// With a key derived from the service's secret.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self(secret.mac("refresh-token"))
    }

    /// The token of a session and a counter: the same each time.
    #[must_use]
    pub fn mint(&self, session: Uuid, counter: i64) -> RefreshToken {
        let mut bytes = Zeroizing::new([session.as_bytes().as_slice(), &counter.to_be_bytes()].concat());
        let mac = hmac::sign(&self.0, &bytes);
        bytes.extend_from_slice(mac.as_ref());
        RefreshToken(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(&*bytes)))
    }

    /// What a text presents, if it is one of our tokens, byte for byte.
    #[must_use]
    pub fn recognise(&self, text: &str) -> Option<Presented> {
        let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?);
        let (body, mac) = bytes.split_at_checked(size_of::<Uuid>() + size_of::<i64>())?;
        hmac::verify(&self.0, body, mac).ok()?;
        let (session, _counter) = body.split_first_chunk()?;
        Some(Presented { session: Uuid::from_bytes(*session), fingerprint: Fingerprint::of(text) })
    }
}
