//! From an errand to a letter, in one transaction: who gets it, whether they may, and the token that it carries.

use service_kit::entropy::Entropy;
use service_kit::postgres::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use super::allowance::{Allowance, Counter};
use super::letter::Letter;
use super::{Errand, MailToken, Purpose};
use crate::event::{Event, Kind};
use crate::store::{Connection, emails, events, mail_tokens, outbox};
use crate::user::{Email, User};

/// What a letter is made by.
pub(super) struct Preparation<'a> {
    /// The errand.
    pub(super) id: Uuid,
    /// Whether the limits on mail have let it pass before.
    pub(super) admitted: bool,
    pub(super) counter: &'a Counter,
    pub(super) entropy: &'a Entropy,
    pub(super) now: OffsetDateTime,
}

impl Preparation<'_> {
    /// The letter; none if there is nothing, or nobody, to tell any more, or too much was told already. What it looks up
    /// it locks, so that the token that it makes belongs to the user as they then are.
    pub(super) async fn letter(&self, c: &mut Connection, errand: &Errand) -> Result<Option<Letter>, Error> {
        match errand {
            Errand::PasswordResetAsked { email, whence } => {
                let Some(user) = emails::lock_owner(c, email).await? else { return Ok(None) };
                if !self.admit(c, Some(Allowance::resets(user.id))).await? {
                    return Ok(None);
                }
                if !self.admitted {
                    let event = Event::new(Kind::PasswordResetRequested, &whence.into(), self.entropy, self.now);
                    events::record(c, &event.to(user.id)).await?;
                }
                let token = self.mint(c, &user, email, Purpose::PasswordReset).await?;
                Ok(Some(Letter::reset_password(email.clone(), &user, token)))
            }
            Errand::EmailStated { user, email } => self.verification(c, *user, Some(email)).await,
            Errand::VerificationAsked { user } => self.verification(c, *user, None).await,
            Errand::PasswordChanged { user } => {
                let Some(user) = emails::lock(c, *user).await? else { return Ok(None) };
                let Some(email) = user.email.clone() else { return Ok(None) };
                let may = self.admit(c, unless(user.email_verified, &email)).await?;
                Ok(may.then(|| Letter::password_changed(email, &user)))
            }
            Errand::EmailChanged { user, old, proven } => {
                let Some(user) = emails::lock(c, *user).await? else { return Ok(None) };
                let may = self.admit(c, unless(*proven, old)).await?;
                Ok(may.then(|| Letter::email_changed(old.clone(), &user)))
            }
        }
    }

    /// Asks a user whether their address is theirs, if it still is the one that they `stated`. If somebody has shown
    /// that it is theirs already, that one is told instead: to who asked, both look the same.
    async fn verification(
        &self,
        c: &mut Connection,
        user: Uuid,
        stated: Option<&Email>,
    ) -> Result<Option<Letter>, Error> {
        let Some(user) = emails::lock(c, user).await? else { return Ok(None) };
        let Some(email) = user.email.clone().filter(|email| stated.is_none_or(|stated| stated == email)) else {
            return Ok(None);
        };
        if user.email_verified || !self.admit(c, Some(Allowance::strangers(&email))).await? {
            return Ok(None);
        }
        if emails::is_owned(c, &email).await? {
            return Ok(Some(Letter::address_in_use(email)));
        }
        let token = self.mint(c, &user, &email, Purpose::EmailVerification).await?;
        Ok(Some(Letter::verify_email(email, &user, token)))
    }

    /// Whether the limits on mail let the errand pass, which is asked once however often it is tried.
    async fn admit(&self, c: &mut Connection, allowance: Option<Allowance>) -> Result<bool, Error> {
        let Some(allowance) = allowance.filter(|_| !self.admitted) else { return Ok(true) };
        if !self.counter.take(c, &allowance, self.now).await? {
            tracing::info!(errand = %self.id, "a mail is not sent: its recipient has had too many");
            return Ok(false);
        }
        outbox::admit(c, self.id, self.now).await?;
        Ok(true)
    }

    /// A new token for a user, in the place of the one before.
    async fn mint(&self, c: &mut Connection, user: &User, to: &Email, purpose: Purpose) -> Result<MailToken, Error> {
        let token = MailToken::mint(self.entropy);
        let (hash, email, created) = (token.hash(), to.as_str(), self.now);
        mail_tokens::replace(c, &mail_tokens::Minted { user: user.id, purpose, hash, email, created }).await?;
        Ok(token)
    }
}

/// Nothing limits what an owner is told about their account. To an address that nobody has proven theirs, anybody could
/// cause mail.
fn unless(proven: bool, address: &Email) -> Option<Allowance> {
    (!proven).then(|| Allowance::strangers(address))
}
