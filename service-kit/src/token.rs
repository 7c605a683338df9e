//! Access tokens (RFC 9068, EdDSA): what they say and how they are checked. Nothing here can sign.
//!
//! jsonwebtoken 11.1 accepts an unknown `crit`, `b64:false`, any `typ`, a future `nbf` and more, so the token is
//! parsed strictly *before* the library sees it, and its times are checked against our own clock after.

mod keys;
mod revocations;
mod verifier;

use aws_lc_rs::digest;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::peer::Thumbprint;

pub use self::keys::{Jwk, KeySet, Keys, UnusableKey};
pub use self::revocations::{Revocation, Revocations};
pub use self::verifier::{Rejection, Settings, Verifier};

/// `typ` of an access token (RFC 9068 2.1): another kind of JWT can never pass for one.
pub const TYPE: &str = "at+jwt";
/// Longest token that is looked at, in bytes.
pub const MAX_BYTES: usize = 4096;
/// Difference of clocks that is forgiven, in seconds.
pub const LEEWAY: i64 = 5;
/// Longest life that a token may claim, in seconds: one signed for longer is refused.
pub const MAX_LIFETIME: i64 = 3600;

/// What a token says. Every claim but `cnf` is required, and no other is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// The user.
    pub sub: Uuid,
    /// Whom it is for.
    pub aud: String,
    /// End of life, seconds since the epoch.
    pub exp: i64,
    /// Time of issue.
    pub iat: i64,
    /// Not valid before.
    pub nbf: i64,
    /// The token's own id.
    pub jti: Uuid,
    /// The session that it belongs to.
    pub sid: Uuid,
    /// The user's roles when it was issued.
    pub roles: Vec<Role>,
    /// The user's epoch when it was issued: what ends all earlier tokens of the user raises it.
    pub epoch: i64,
    /// What its presenter must prove; without it the token is for whoever holds it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "not_null")]
    pub cnf: Option<Confirmation>,
}

/// What the presenter of a token must prove (RFC 7800).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// That it has the key of this certificate (RFC 8705, section 3.1).
    #[serde(rename = "x5t#S256")]
    pub certificate: Thumbprint,
}

/// A `cnf` that is there says something: `null` would be a binding that binds nobody.
fn not_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Confirmation>, D::Error> {
    Confirmation::deserialize(deserializer).map(Some)
}

/// What a user may do beyond its own affairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May list, promote and delete users.
    Admin,
}

/// The header, exactly: an unknown or repeated member, `crit`, `jwk` or `b64` among them, is refused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

/// What a token is remembered by: the SHA-256 of all of it, for a shorter key could find another user's.
#[must_use]
pub fn fingerprint(token: &str) -> [u8; 32] {
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    fingerprint
}
