//! The Ed25519 keys that sign access tokens: kept sealed in the database, published before they sign and until the last token
//! that they signed has expired, and exchanged while the service runs.

mod keychain;
mod rotation;
mod schedule;

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, Signature};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use service_kit::entropy::Entropy;
use service_kit::postgres;
use service_kit::secret::Sealer;
use service_kit::token::{Jwk, UnusableKey};

pub use self::keychain::Keychain;
pub use self::rotation::{Rotation, Unrotated};
pub use self::schedule::{CACHE, Schedule, Settings, Stage, Step, Stored};

/// A key on its way between memory and database.
pub struct Sealed {
    /// The thumbprint of the public key (RFC 7638).
    pub kid: String,
    /// The public key.
    pub public_key: Vec<u8>,
    /// The private key (PKCS#8), sealed with the kid as context.
    pub sealed_key: Vec<u8>,
}

/// The key that signs, and those that are published.
pub struct KeyRing {
    active: SigningKey,
    published: Vec<Jwk>,
}

/// A key that can sign.
pub struct SigningKey {
    kid: String,
    pair: Ed25519KeyPair,
}

/// Why there is no key to sign with. At its start, each stops the service.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stored key was sealed under another secret, or was altered.
    #[error("the signing key {0} cannot be opened: KEY_FILE is not the one that it was sealed under")]
    Unopened(String),
    /// No key could be made or sealed.
    #[error("no signing key could be made")]
    Unmade,
    /// The key that was just made is not there.
    #[error("the database has no active signing key")]
    Missing,
    /// A stored public key is none.
    #[error(transparent)]
    Unusable(#[from] UnusableKey),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] postgres::Error),
}

impl KeyRing {
    /// Opens the key that signs, among all; without one, `None`.
    fn open(sealer: &Sealer, all: &[Stored]) -> Result<Option<Self>, Error> {
        let Some(active) = all.iter().find(|stored| stored.stage.signs()) else { return Ok(None) };
        let active = SigningKey::open(sealer, &active.key)?;
        Ok(Some(Self { active, published: all.iter().map(|stored| jwk(&stored.key)).collect() }))
    }

    /// The key that signs.
    #[must_use]
    pub fn active(&self) -> &SigningKey {
        &self.active
    }

    /// The public keys that tokens may be signed by.
    #[must_use]
    pub fn published(&self) -> &[Jwk] {
        &self.published
    }
}

impl SigningKey {
    /// The key's name.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Signs. The pair is parsed once: parsing it for each signature, as jsonwebtoken 11.1 does, halves the rate.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        self.pair.sign(message)
    }

    fn open(sealer: &Sealer, sealed: &Sealed) -> Result<Self, Error> {
        let unopened = || Error::Unopened(sealed.kid.clone());
        let pkcs8 = sealer.open(sealed.kid.as_bytes(), &sealed.sealed_key).ok_or_else(unopened)?;
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| unopened())?;
        let same = pair.public_key().as_ref() == sealed.public_key && thumbprint(&sealed.public_key) == sealed.kid;
        if same { Ok(Self { kid: sealed.kid.clone(), pair }) } else { Err(unopened()) }
    }
}

/// A new key, sealed.
fn make(sealer: &Sealer, entropy: &Entropy) -> Option<Sealed> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?;
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).ok()?;
    let public_key = pair.public_key().as_ref().to_vec();
    let kid = thumbprint(&public_key);
    let sealed_key = sealer.seal(entropy, kid.as_bytes(), pkcs8.as_ref())?;
    Some(Sealed { kid, public_key, sealed_key })
}

fn jwk(key: &Sealed) -> Jwk {
    Jwk {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        alg: "EdDSA".to_owned(),
        use_: "sig".to_owned(),
        kid: key.kid.clone(),
        x: BASE64_URL_SAFE_NO_PAD.encode(&key.public_key),
    }
}

/// RFC 7638: the SHA-256 of the required members, in this order, without spaces.
fn thumbprint(public_key: &[u8]) -> String {
    let x = BASE64_URL_SAFE_NO_PAD.encode(public_key);
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}
