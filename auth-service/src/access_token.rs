//! Access tokens as they are made (RFC 9068). How they are checked stands in `service_kit::token`.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::token::{self, Claims, Confirmation, Jwk};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use crate::session::Session;
use crate::signing_key::Keychain;
use crate::user::User;

/// How access tokens are made.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Tokens")]
pub struct Settings {
    /// Seconds that an access token lives
    #[arg(long, env = "ACCESS_TOKEN_SECONDS", default_value_t = 300,
          value_parser = clap::value_parser!(u16).range(30..=token::MAX_LIFETIME))]
    pub access_token_seconds: u16,
}

/// A signed token and its end.
pub struct AccessToken {
    /// The JWT, for the answer.
    pub jwt: Zeroizing<String>,
    /// When it expires.
    pub expires: OffsetDateTime,
}

/// Signs access tokens. Clones share the keys.
#[derive(Clone)]
pub struct Signer {
    keys: Keychain,
    issuer: String,
    audience: String,
    lifetime: Duration,
    clock: Clock,
    entropy: Entropy,
}

impl Settings {
    /// The life of a token.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        Duration::seconds(self.access_token_seconds.into())
    }
}

impl Signer {
    /// A signer of tokens that a verifier with the same `tokens` settings accepts.
    #[must_use]
    pub fn new(settings: &Settings, tokens: &token::Settings, keys: Keychain, clock: Clock, entropy: Entropy) -> Self {
        let lifetime = settings.lifetime();
        let (issuer, audience) = (tokens.token_issuer.clone(), tokens.token_audience.clone());
        Self { keys, issuer, audience, lifetime, clock, entropy }
    }

    /// The public keys that tokens may be signed by, now.
    #[must_use]
    pub fn published(&self) -> Vec<Jwk> {
        self.keys.ring().published().to_vec()
    }

    /// The life of a token.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// A token for a user in a session, from now on.
    pub fn sign(&self, user: &User, session: &Session) -> Result<AccessToken, serde_json::Error> {
        let now = self.clock.now();
        let expires = now + self.lifetime;
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: user.id,
            aud: self.audience.clone(),
            exp: expires.unix_timestamp(),
            iat: now.unix_timestamp(),
            nbf: now.unix_timestamp(),
            jti: self.entropy.id(now),
            sid: session.key.session,
            roles: user.roles.clone(),
            epoch: user.epoch,
            cnf: session.bound_to.map(|certificate| Confirmation { certificate }),
        };
        let jwt = self.jws(&serde_json::to_vec(&claims)?);
        Ok(AccessToken { jwt, expires })
    }

    /// The compact serialisation of a signed payload (RFC 7515, section 7.1).
    fn jws(&self, payload: &[u8]) -> Zeroizing<String> {
        let ring = self.keys.ring();
        let key = ring.active();
        let header = format!(r#"{{"alg":"EdDSA","typ":"{}","kid":"{}"}}"#, token::TYPE, key.kid());
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(payload));
        let signature = encode(key.sign(signed.as_bytes()).as_ref());
        Zeroizing::new(format!("{signed}.{signature}"))
    }
}
