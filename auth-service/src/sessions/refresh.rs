//! Staying logged in: new tokens for a refresh token, and the end of a session whose token two parties hold.

use std::sync::Arc;

use service_kit::peer::Thumbprint;
use service_kit::postgres;

use super::{Error, Granted, Sessions};
use crate::event::{Event, Kind};
use crate::origin::Origin;
use crate::session::{Decision, EndReason, Key, Presented, Session, decide};
use crate::store::{events, sessions as store};
use crate::user::User;

/// What became of a session in the transaction of a refresh. All of it is committed, the end of a session too.
#[expect(clippy::large_enum_variant, reason = "one is made a call, and the large variant is the usual one")]
enum Refreshed {
    To { counter: i64, session: Session, user: User },
    Reused(Key),
    Expired,
    Ended,
}

impl Sessions {
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

    /// Decides about the token under the lock of its session's row, so that calls with one token take turns.
    async fn settle(
        &self,
        presented: Presented,
        certificate: Thumbprint,
        origin: Origin,
    ) -> Result<Refreshed, postgres::Error> {
        let (clock, entropy) = (self.clock.clone(), self.entropy.clone());
        let refresh_tokens = Arc::clone(&self.refresh_tokens);
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
                            store::end(c, session.key, EndReason::TokenReused, now).await?;
                            // Nobody knows which of the two this one is: the event has no actor.
                            let event = Event::new(Kind::RefreshTokenReused, &origin, &entropy, now);
                            let event = event.to(session.key.user).session(session.key.session);
                            events::record(c, &event).await?;
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
