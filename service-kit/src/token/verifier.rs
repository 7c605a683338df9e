//! The check of a token, and the memory of tokens that passed it.

use std::num::NonZeroUsize;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Validation};
use lru::LruCache;
use parking_lot::Mutex;

use super::revocations::Revoked;
use super::{Claims, Header, KeySet, Keys, LEEWAY, MAX_BYTES, MAX_LIFETIME, Revocations, TYPE, fingerprint};
use crate::clock::Clock;

/// What tokens must say about themselves.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Tokens")]
pub struct Settings {
    /// Issuer that tokens carry and must carry
    #[arg(long, env = "TOKEN_ISSUER", default_value = "https://auth.todo.local")]
    pub token_issuer: String,
    /// Audience that tokens carry and must carry
    #[arg(long, env = "TOKEN_AUDIENCE", default_value = "todo.local")]
    pub token_audience: String,
    /// Verified tokens that a worker remembers
    #[arg(long, env = "TOKEN_CACHE", default_value = "10000")]
    pub token_cache: NonZeroUsize,
}

/// Why a token was not accepted. More is not said: it would help only an attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It was valid, and its time is over, or its user has changed since.
    Expired,
    /// It was valid, and its session is over.
    SessionEnded,
    /// Anything else.
    Invalid,
    /// There are no keys yet to check any token with.
    NoKeys,
}

/// Verifies access tokens. One a worker: its cache is then never contended.
///
/// Verifying each call costs 76 to 84 % of a server's CPU, the cache 2 us a call. An entry is found by the SHA-256 of the
/// whole token (a shorter key returns another user's claims: GHSA-rp9m-7r4c-75qg), counts only under the very
/// key set that it was verified with, and its times and revocations are checked on every hit. Failures are not
/// remembered.
pub struct Verifier {
    validation: Validation,
    keys: Keys,
    revocations: Revocations,
    clock: Clock,
    passed: Mutex<LruCache<[u8; 32], Passed>>,
}

struct Passed {
    claims: Arc<Claims>,
    under: Arc<KeySet>,
}

impl Verifier {
    /// A verifier with an empty cache, which knows of no revocation.
    #[must_use]
    pub fn new(settings: &Settings, keys: Keys, clock: Clock) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&settings.token_issuer]);
        validation.set_audience(&[&settings.token_audience]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        // The library would ask the machine's clock: `check_times` asks ours.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let revocations = Revocations::default();
        Self { validation, keys, revocations, clock, passed: Mutex::new(LruCache::new(settings.token_cache)) }
    }

    /// The same, refusing what is revoked. auth-service does without: it asks its database.
    #[must_use]
    pub fn heeding(self, revocations: Revocations) -> Self {
        Self { revocations, ..self }
    }

    /// The same with a cache of its own, for another worker.
    #[must_use]
    pub fn sibling(&self) -> Self {
        let (validation, keys) = (self.validation.clone(), self.keys.clone());
        let (revocations, clock) = (self.revocations.clone(), self.clock.clone());
        Self { validation, keys, revocations, clock, passed: Mutex::new(LruCache::new(self.passed.lock().cap())) }
    }

    /// The claims of a valid token.
    pub fn verify(&self, token: &str) -> Result<Arc<Claims>, Rejection> {
        if token.len() > MAX_BYTES {
            return Err(Rejection::Invalid);
        }
        let fingerprint = fingerprint(token);
        let under = self.keys.current();
        if let Some(claims) = self.remembered(&fingerprint, &under) {
            self.check_standing(&claims)?;
            return Ok(claims);
        }
        if under.is_empty() {
            return Err(Rejection::NoKeys);
        }
        let claims = Arc::new(self.check_signature(token, &under)?);
        self.check_standing(&claims)?;
        self.passed.lock().put(fingerprint, Passed { claims: Arc::clone(&claims), under });
        Ok(claims)
    }

    /// Whether a token whose claims were verified is good still. A fraction of a microsecond: the signature is not
    /// looked at again.
    pub fn recheck(&self, claims: &Claims) -> Result<(), Rejection> {
        self.check_standing(claims)
    }

    fn remembered(&self, fingerprint: &[u8; 32], under: &Arc<KeySet>) -> Option<Arc<Claims>> {
        let mut passed = self.passed.lock();
        let entry = passed.get(fingerprint)?;
        Arc::ptr_eq(&entry.under, under).then(|| Arc::clone(&entry.claims))
    }

    fn check_signature(&self, token: &str, keys: &KeySet) -> Result<Claims, Rejection> {
        let kid = strict_header(token).ok_or(Rejection::Invalid)?;
        let key = keys.get(&kid).ok_or(Rejection::Invalid)?;
        let verified = jsonwebtoken::decode::<Claims>(token, key, &self.validation).map_err(|_| Rejection::Invalid)?;
        Ok(verified.claims)
    }

    /// What can change while a token is remembered.
    fn check_standing(&self, claims: &Claims) -> Result<(), Rejection> {
        self.check_times(claims)?;
        self.revocations.judge(claims).map_err(|revoked| match revoked {
            Revoked::SessionEnded => Rejection::SessionEnded,
            Revoked::Outdated => Rejection::Expired,
        })
    }

    fn check_times(&self, claims: &Claims) -> Result<(), Rejection> {
        let now = self.clock.unix();
        let lifetime = claims.exp.checked_sub(claims.iat).ok_or(Rejection::Invalid)?;
        let from_the_future = claims.iat > now + LEEWAY || claims.nbf > now + LEEWAY;
        if !(1..=MAX_LIFETIME).contains(&lifetime) || from_the_future {
            return Err(Rejection::Invalid);
        }
        if now >= claims.exp.saturating_add(LEEWAY) {
            return Err(Rejection::Expired);
        }
        Ok(())
    }
}

/// The key's name, if the token has three parts and a header of exactly `alg`, `typ` and `kid` with our values.
fn strict_header(token: &str) -> Option<String> {
    let mut parts = token.split('.');
    let (header, _claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let json = BASE64_URL_SAFE_NO_PAD.decode(header).ok()?;
    let Header { alg, typ, kid } = serde_json::from_slice(&json).ok()?;
    (alg == "EdDSA" && typ == TYPE && kid.len() <= 64).then(|| kid.to_owned())
}
