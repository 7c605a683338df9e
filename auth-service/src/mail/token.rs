//! Tokens that go out by mail: 256 random bits in base64url, good for one thing, once.

use std::fmt;

use aws_lc_rs::digest;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use service_kit::entropy::Entropy;
use time::Duration;
use zeroize::Zeroizing;

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To choose a password without knowing the one before.
    PasswordReset,
    /// To show that mail to an address arrives.
    EmailVerification,
}

impl Purpose {
    /// How long a token is good: 10 minutes for a password (ASVS 6.5.5), a day for an address.
    #[must_use]
    pub fn life(self) -> Duration {
        match self {
            Self::PasswordReset => Duration::minutes(10),
            Self::EmailVerification => Duration::DAY,
        }
    }

    /// As it stands in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::EmailVerification => "email_verification",
        }
    }
}

/// A token on its way to its holder, or back. Never printed; wiped from memory when it is dropped.
pub struct MailToken(Zeroizing<String>);

impl MailToken {
    /// A new one.
    #[must_use]
    pub fn mint(entropy: &Entropy) -> Self {
        let bytes = Zeroizing::new(entropy.bytes::<32>());
        Self(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice())))
    }

    /// What somebody presents as one.
    #[must_use]
    pub fn presented(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The token, for the letter.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, self.0.as_bytes()).as_ref());
        TokenHash(bytes)
    }
}

impl fmt::Debug for MailToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailToken(..)")
    }
}

/// The SHA-256 of a token. A plain hash is enough for 256 bits that nobody can guess (ASVS 6.5.2).
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// For the database.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
