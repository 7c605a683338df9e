//! Addresses: stating one, and showing that mail to it arrives.

use service_kit::postgres;
use time::OffsetDateTime;

use super::{Accounts, Error};
use crate::event::{Event, Kind};
use crate::mail::{Errand, MailToken, Outbox, Purpose};
use crate::origin::Origin;
use crate::session::Key;
use crate::store::{Connection, constraint, emails, events, mail_tokens as tokens};
use crate::user::User;

impl Accounts {
    /// Asks for the mail that verifies the caller's address.
    pub async fn request_verification(&self, caller: Key, origin: Origin) -> Result<(), Error> {
        let (outbox, entropy, now) = (self.outbox.clone(), self.entropy.clone(), self.clock.now());
        let asked = self.database.transaction(move |c| {
            Box::pin(async move {
                let user = emails::lock_for(c, caller, caller.user, now).await?.ok_or(Error::SessionEnded)?;
                if user.email.is_none() {
                    return Err(Error::EmailMissing);
                }
                if user.email_verified {
                    return Err(Error::EmailAlreadyVerified);
                }
                let event = Event::new(Kind::EmailVerificationRequested, &origin, &entropy, now).to(user.id);
                events::record(c, &event.by(user.id).session(caller.session)).await?;
                Ok(outbox.leave(c, &Errand::VerificationAsked { user: user.id }, now).await?)
            })
        });
        asked.await?;
        self.outbox.ring();
        Ok(())
    }

    /// Marks the address of whoever holds a verification token as theirs.
    pub async fn verify_email(&self, token: MailToken, origin: Origin) -> Result<(), Error> {
        let (hash, purpose) = (token.hash(), Purpose::EmailVerification);
        let user = tokens::holder(&self.database, hash, purpose, self.clock.now()).await?;
        let user = user.ok_or(Error::MailTokenInvalid)?.id;
        let (entropy, now) = (self.entropy.clone(), self.clock.now());
        let verified = self.database.transaction(move |c| {
            Box::pin(async move {
                emails::lock(c, user).await?.ok_or(Error::MailTokenInvalid)?;
                let email = tokens::take(c, hash, purpose, now).await?.ok_or(Error::MailTokenInvalid)?;
                if !emails::verify(c, user, &email, now).await.map_err(taken)? {
                    return Err(Error::MailTokenInvalid);
                }
                let event = Event::new(Kind::EmailVerified, &origin, &entropy, now).to(user).by(user);
                Ok(events::record(c, &event).await?)
            })
        });
        verified.await
    }
}

fn taken(error: postgres::Error) -> Error {
    match error {
        postgres::Error::Conflict(name) if name == constraint::USERS_VERIFIED_EMAIL_KEY => Error::EmailTaken,
        error => error.into(),
    }
}

/// What follows when a user who was `before` has another address: tokens that went to the old one are over, and both
/// addresses are told.
pub(super) async fn address_changed(
    c: &mut Connection,
    outbox: &Outbox,
    before: User,
    after: &User,
    now: OffsetDateTime,
) -> Result<(), Error> {
    tokens::end_all(c, after.id).await?;
    if let Some(old) = before.email {
        let errand = Errand::EmailChanged { user: after.id, old, proven: before.email_verified };
        outbox.leave(c, &errand, now).await?;
    }
    address_stated(c, outbox, after, now).await
}

/// What follows when a user has stated an address: it is to be verified.
pub(super) async fn address_stated(
    c: &mut Connection,
    outbox: &Outbox,
    user: &User,
    now: OffsetDateTime,
) -> Result<(), Error> {
    let Some(email) = user.email.clone() else { return Ok(()) };
    Ok(outbox.leave(c, &Errand::EmailStated { user: user.id, email }, now).await?)
}
