//! Access tokens as auth-service would make them.

use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::json;
use service_kit::clock::Clock;
use service_kit::token::{Jwk, KeySet, Keys, Revocations, Settings, Verifier};
use uuid::Uuid;

const KID: &str = "test";
const ISSUER: &str = "https://auth.todo.local";
const AUDIENCE: &str = "todo.local";

/// A key that the verifier trusts.
pub(crate) struct Issuer {
    key: Ed25519KeyPair,
    clock: Clock,
}

impl Issuer {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { key: Ed25519KeyPair::generate().unwrap(), clock }
    }

    pub(crate) fn jwk(&self) -> Jwk {
        jwk(KID, &self.key)
    }

    /// A verifier that trusts this key, and refuses what is revoked.
    pub(crate) fn verifier(&self, revocations: &Revocations) -> Arc<Verifier> {
        let keys = Keys::default();
        keys.replace(KeySet::new(&[self.jwk()]).unwrap());
        Arc::new(verifier(keys, self.clock.clone()).heeding(revocations.clone()))
    }

    /// A token of `user`, good for five minutes.
    pub(crate) fn token(&self, user: Uuid) -> String {
        let now = self.clock.unix();
        let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": KID});
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": user, "sid": user, "jti": user, "roles": [], "epoch": 0,
            "iat": now, "nbf": now, "exp": now + 300,
        });
        let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let token = format!("{signed}.{}", BASE64.encode(self.key.sign(signed.as_bytes())));
        log_guard::plant(&token);
        token
    }
}

pub(crate) fn verifier(keys: Keys, clock: Clock) -> Verifier {
    let settings =
        Settings { token_issuer: ISSUER.into(), token_audience: AUDIENCE.into(), token_cache: 100.try_into().unwrap() };
    Verifier::new(&settings, keys, clock)
}

/// The public half, as a JWKS carries it.
pub(crate) fn jwk(kid: &str, key: &Ed25519KeyPair) -> Jwk {
    Jwk {
        kty: "OKP".into(),
        crv: "Ed25519".into(),
        alg: "EdDSA".into(),
        use_: "sig".into(),
        kid: kid.into(),
        x: BASE64.encode(key.public_key().as_ref()),
    }
}
