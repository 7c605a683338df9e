//! Logging in, staying logged in, logging out.

mod log_in;
mod refresh;

use std::sync::Arc;

use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::peer::Thumbprint;
use service_kit::postgres::{self, Database};
use service_kit::token::{Claims, Role};

use crate::access_token::{AccessToken, Signer};
use crate::event::{Event, Kind};
use crate::origin::Origin;
use crate::password::{Hasher, Password, Refused};
use crate::session::{DeviceName, EndReason, Key, RefreshToken, RefreshTokens, Session};
use crate::store::{events, sessions as store};
use crate::throttle::{self, Throttle};
use crate::user::{Identifier, User};

/// The sessions.
#[derive(Clone)]
pub struct Sessions {
    database: Database,
    clock: Clock,
    entropy: Entropy,
    hasher: Hasher,
    throttle: Throttle,
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
    /// There were too many wrong passwords.
    #[error(transparent)]
    Throttle(#[from] throttle::Error),
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

impl Sessions {
    /// The sessions in `database`.
    #[must_use]
    pub fn new(
        database: Database,
        clock: Clock,
        entropy: Entropy,
        hasher: Hasher,
        throttle: Throttle,
        refresh_tokens: Arc<RefreshTokens>,
        signer: Signer,
    ) -> Self {
        Self { database, clock, entropy, hasher, throttle, refresh_tokens, signer }
    }

    /// Ends a session; one that has ended stays as it is.
    pub async fn log_out(&self, key: Key, origin: Origin) -> Result<(), Error> {
        let (now, entropy) = (self.clock.now(), self.entropy.clone());
        self.database
            .transaction(move |c| {
                Box::pin(async move {
                    if store::end(c, key, EndReason::LoggedOut, now).await? {
                        let event = Event::new(Kind::LoggedOut, &origin, &entropy, now).to(key.user).by(key.user);
                        events::record(c, &event.session(key.session)).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// The roles that the user of a verified token has now, if the token's session and user are still good.
    pub async fn introspect(&self, claims: &Claims) -> Result<Option<Vec<Role>>, Error> {
        let key = Key { user: claims.sub, session: claims.sid };
        Ok(store::roles_now(&self.database, key, claims.epoch, self.clock.now()).await?)
    }
}
