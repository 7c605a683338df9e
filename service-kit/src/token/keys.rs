//! The public keys that tokens are verified with: an immutable set, swapped as a whole.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;

/// The encodings, sign bit apart, of Ed25519's points of small order: with such a key one fixed signature fits
/// every message, and the library takes it (measured with jsonwebtoken 11.1).
#[rustfmt::skip]
const SMALL_ORDER: [[u8; 32]; 7] = [
    [
        0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
        0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
        0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// A public key as a JWKS carries it (RFC 7517, RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    /// Key type: must be `OKP`.
    pub kty: String,
    /// Curve: must be `Ed25519`.
    pub crv: String,
    /// Algorithm: must be `EdDSA`.
    pub alg: String,
    /// Use: must be `sig`.
    pub use_: String,
    /// The key's name, 1 to 64 characters.
    pub kid: String,
    /// The public key, base64url.
    pub x: String,
}

/// Why a key was refused.
#[derive(Debug, thiserror::Error)]
#[error("the key {kid:?} cannot be used: {why}")]
pub struct UnusableKey {
    kid: String,
    why: &'static str,
}

/// Keys by name.
#[derive(Default)]
pub struct KeySet(HashMap<String, DecodingKey>);

impl KeySet {
    /// Takes the keys of auth-service, all or none: a set with a key that cannot be right is not from there.
    pub fn new(jwks: &[Jwk]) -> Result<Self, UnusableKey> {
        jwks.iter().map(|jwk| Ok((jwk.kid.clone(), usable(jwk)?))).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is none, as before the first fetch.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, kid: &str) -> Option<&DecodingKey> {
        self.0.get(kid)
    }
}

fn usable(jwk: &Jwk) -> Result<DecodingKey, UnusableKey> {
    let refused = |why| UnusableKey { kid: jwk.kid.clone(), why };
    if (jwk.kty.as_str(), jwk.crv.as_str(), jwk.alg.as_str(), jwk.use_.as_str()) != ("OKP", "Ed25519", "EdDSA", "sig") {
        return Err(refused("it must be OKP, Ed25519, EdDSA, sig"));
    }
    if jwk.kid.is_empty() || jwk.kid.len() > 64 {
        return Err(refused("its name must be 1 to 64 bytes long"));
    }
    let x = BASE64_URL_SAFE_NO_PAD.decode(&jwk.x).map_err(|_| refused("x is not base64url"))?;
    let mut unsigned: [u8; 32] = x.as_slice().try_into().map_err(|_| refused("x is not 32 bytes long"))?;
    // The top bit is the sign of the other coordinate: a point of small order stays one.
    unsigned[31] &= 0x7f;
    if SMALL_ORDER.contains(&unsigned) {
        return Err(refused("x is a point of small order"));
    }
    DecodingKey::from_ed_components(&jwk.x).map_err(|_| refused("x is not a key"))
}

/// The keys in force, shared by every worker.
#[derive(Clone, Default)]
pub struct Keys(Arc<ArcSwap<KeySet>>);

impl Keys {
    /// Replaces all keys at once.
    pub fn replace(&self, keys: KeySet) {
        self.0.store(Arc::new(keys));
    }

    /// The keys in force.
    #[must_use]
    pub fn current(&self) -> Arc<KeySet> {
        self.0.load_full()
    }
}
