//! The Ed25519 key that signs access tokens: made once, kept sealed in the database, loaded at start.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, Signature};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::postgres::{self, Database};
use service_kit::secret::{Sealer, Secret};
use service_kit::token::Jwk;
use time::OffsetDateTime;

use crate::store::signing_keys as store;

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

/// Why there is no key to sign with. Each stops the service at its start.
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
    /// The database failed.
    #[error(transparent)]
    Database(#[from] postgres::Error),
}

impl KeyRing {
    /// Loads the keys; on the first start of all, makes one. However many replicas start at once, the database keeps one
    /// key, and all of them load that one.
    pub async fn load(database: &Database, secret: &Secret, clock: &Clock, entropy: &Entropy) -> Result<Self, Error> {
        let sealer = secret.sealer("signing-key").ok_or(Error::Unmade)?;
        let active = match store::active(database).await? {
            Some(sealed) => sealed,
            None => first(database, &sealer, clock.now(), entropy).await?,
        };
        let active = SigningKey::open(&sealer, &active)?;
        let published = store::published(database).await?;
        Ok(Self { active, published: published.iter().map(|(kid, public_key)| jwk(kid, public_key)).collect() })
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

/// Makes a key and offers it; whoever was first, the active key is the answer.
async fn first(database: &Database, sealer: &Sealer, now: OffsetDateTime, entropy: &Entropy) -> Result<Sealed, Error> {
    store::offer(database, make(sealer, entropy).ok_or(Error::Unmade)?, now).await?;
    store::active(database).await?.ok_or(Error::Missing)
}

fn make(sealer: &Sealer, entropy: &Entropy) -> Option<Sealed> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?;
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).ok()?;
    let public_key = pair.public_key().as_ref().to_vec();
    let kid = thumbprint(&public_key);
    let sealed_key = sealer.seal(entropy, kid.as_bytes(), pkcs8.as_ref())?;
    Some(Sealed { kid, public_key, sealed_key })
}

fn jwk(kid: &str, public_key: &[u8]) -> Jwk {
    Jwk {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        alg: "EdDSA".to_owned(),
        use_: "sig".to_owned(),
        kid: kid.to_owned(),
        x: BASE64_URL_SAFE_NO_PAD.encode(public_key),
    }
}

/// RFC 7638: the SHA-256 of the required members, in this order, without spaces.
fn thumbprint(public_key: &[u8]) -> String {
    let x = BASE64_URL_SAFE_NO_PAD.encode(public_key);
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}
