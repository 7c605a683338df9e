//! Logging in, staying logged in, logging out.

mod log_in;

use std::sync::Arc;

use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::peer::Thumbprint;
use service_kit::postgres::{self, Database};
use service_kit::token::{Claims, Role};

use crate::access_token::{AccessToken, Signer};
use crate::origin::Origin;
use crate::password::{Hasher, Password, Refused};
use crate::session::{Decision, DeviceName, EndReason, Key, Presented, RefreshToken, RefreshTokens, Session, decide};
use crate::store::sessions as store;
use crate::user::{Identifier, User};

/// The sessions.
#[derive(Clone)]
pub struct Sessions {
    database: Database,
    clock: Clock,
    entropy: Entropy,
    hasher: Hasher,
    refresh_tokens: Arc<RefreshTokens>,
    signer: Signer,
}

/// What somebody shows to log in.
#[derive(Debug)]
pub struct Credentials {
    /// Username or verified email address.
    pub identifier: Identifier,
    /// The password.
    pub password: Password,
    /// What the user calls the device.
    pub device_name: DeviceName,
    /// The certificate that the session is to be bound to.
    pub bind_to: Option<Thumbprint>,
}

/// What the holder of a session gets.
pub struct Granted {
    /// For calls.
    pub access: AccessToken,
    /// For the next tokens; expires with the session.
    pub refresh: RefreshToken,
    /// The session.
    pub session: Session,
    /// The user.
    pub user: User,
}

/// Why no tokens were given.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such user, another password, or a disabled user: nobody learns which.
    #[error("the credentials are not valid")]
    CredentialsInvalid,
    /// Not a token of ours, or its session has ended.
    #[error("the refresh token is not valid")]
    RefreshTokenInvalid,
    /// The token's successor is in use: the session has been ended.
    #[error("the refresh token was used twice")]
    RefreshTokenReused,
    /// The session's time is over.
    #[error("the session has expired")]
    RefreshTokenExpired,
    /// The password was not compared.
    #[error(transparent)]
    Hashing(#[from] Refused),
    /// The claims could not be written: a fault of ours.
    #[error("an access token could not be written: {0}")]
    Signing(#[from] serde_json::Error),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] postgres::Error),
}

/// What became of a session in the transaction of a refresh. All of it is committed, the end of a session too.
#[expect(clippy::large_enum_variant, reason = "one is made a call, and the large variant is the usual one")]
enum Refreshed {
    To { counter: i64, session: Session, user: User },
    Reused(Key),
    Expired,
    Ended,
}

impl Sessions {
    /// The sessions in `database`.
    #[must_use]
    pub fn new(
        database: Database,
        clock: Clock,
        entropy: Entropy,
        hasher: Hasher,
        refresh_tokens: Arc<RefreshTokens>,
        signer: Signer,
    ) -> Self {
        Self { database, clock, entropy, hasher, refresh_tokens, signer }
    }

    /// New tokens for a refresh token that came with `certificate`. With another one than its session is bound to it is
    /// as good as none, and the session goes on: who holds the token alone can neither use nor end it.
    pub async fn refresh(&self, token: &str, certificate: Thumbprint, origin: Origin) -> Result<Granted, Error> {
        let presented = self.refresh_tokens.recognise(token).ok_or(Error::RefreshTokenInvalid)?;
        match self.settle(presented, certificate, origin).await? {
            Refreshed::To { counter, session, user } => {
                let refresh = self.refresh_tokens.mint(session.key.session, counter);
                Ok(Granted { access: self.signer.sign(&user, &session)?, refresh, session, user })
            }
            Refreshed::Reused(Key { user, session }) => {
                tracing::warn!(%user, %session, "a refresh token was used twice: its session has been ended");
                Err(Error::RefreshTokenReused)
            }
            Refreshed::Expired => Err(Error::RefreshTokenExpired),
            Refreshed::Ended => Err(Error::RefreshTokenInvalid),
        }
    }

    /// Ends a session; one that has ended stays as it is.
    pub async fn log_out(&self, key: Key) -> Result<(), Error> {
        Ok(store::log_out(&self.database, key, self.clock.now()).await?)
    }

    /// The roles that the user of a verified token has now, if the token's session and user are still good.
    pub async fn introspect(&self, claims: &Claims) -> Result<Option<Vec<Role>>, Error> {
        let key = Key { user: claims.sub, session: claims.sid };
        Ok(store::roles_now(&self.database, key, claims.epoch, self.clock.now()).await?)
    }

    /// Decides about the token under the lock of its session's row, so that calls with one token take turns.
    async fn settle(
        &self,
        presented: Presented,
        certificate: Thumbprint,
        origin: Origin,
    ) -> Result<Refreshed, postgres::Error> {
        let (clock, refresh_tokens) = (self.clock.clone(), Arc::clone(&self.refresh_tokens));
        self.database
            .transaction(move |c| {
                Box::pin(async move {
                    let Some(locked) = store::lock(c, presented.session).await? else { return Ok(Refreshed::Ended) };
                    let store::Locked { lineage, counter, session, user } = locked;
                    if !session.admits(certificate) {
                        return Ok(Refreshed::Ended);
                    }
                    let now = clock.now();
                    Ok(match decide(&lineage, &presented.fingerprint, now) {
                        Decision::Rotate => {
                            let (counter, session) = (counter + 1, session.refreshed(origin, now));
                            let successor = refresh_tokens.mint(session.key.session, counter).fingerprint();
                            store::rotate(c, &session, counter, &successor, now).await?;
                            Refreshed::To { counter, session, user }
                        }
                        Decision::RepeatSuccessor => Refreshed::To { counter, session, user },
                        Decision::Reused => {
                            store::end(c, session.key.session, EndReason::TokenReused, now).await?;
                            Refreshed::Reused(session.key)
                        }
                        Decision::Expired => Refreshed::Expired,
                        Decision::Ended => Refreshed::Ended,
                    })
                })
            })
            .await
    }
}
