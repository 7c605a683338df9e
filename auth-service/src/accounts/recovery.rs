//! Choosing a password without knowing the one before, by a token that came by mail.

use uuid::Uuid;

use super::{Accounts, Error};
use crate::event::{Event, Kind};
use crate::mail::{Errand, MailToken, Purpose, TokenHash};
use crate::origin::Origin;
use crate::password::Password;
use crate::session::EndReason;
use crate::store::{emails, events, mail_tokens as tokens, passwords, sessions, throttles, users};
use crate::user::{Email, User, Username};

impl Accounts {
    /// Asks for a reset token by mail. Whatever the address, this is one row in the outbox: neither the answer nor its time
    /// says whether somebody has it. The postman looks that up.
    pub async fn request_password_reset(&self, email: Email, origin: Origin) -> Result<(), Error> {
        let (outbox, now) = (self.outbox.clone(), self.clock.now());
        let errand = Errand::PasswordResetAsked { email, whence: origin.into() };
        let left = self.database.transaction(move |c| Box::pin(async move { outbox.leave(c, &errand, now).await }));
        left.await?;
        self.outbox.ring();
        Ok(())
    }

    /// Replaces the password of whoever holds a reset token, ends all their sessions, and forgets their failed log-ins. Logs
    /// nobody in.
    pub async fn reset_password(&self, token: MailToken, new: Password, origin: Origin) -> Result<(), Error> {
        let (hash, purpose) = (token.hash(), Purpose::PasswordReset);
        // A password is hashed only for a token that seems good: guesses are not to cost a hash each.
        let holder = tokens::holder(&self.database, hash, purpose, self.clock.now()).await?;
        let holder = holder.ok_or(Error::MailTokenInvalid)?;
        let (user, words) = (holder.id, holder.words());
        let password = self.hasher.hash(new, words).await?.to_phc().ok_or(Error::Unwritable)?;
        self.replace_password(user, password, Some(hash), origin).await
    }

    /// Replaces the password of a user as the operator says, ends all their sessions, and forgets their failed log-ins.
    pub async fn impose_password(&self, username: Username, new: Password) -> Result<User, Error> {
        let found = users::by_identifier(&self.database, username.into()).await?;
        let (user, _) = found.ok_or(Error::NotFound)?;
        let password = self.hasher.hash(new, user.words()).await?.to_phc().ok_or(Error::Unwritable)?;
        self.replace_password(user.id, password, None, Origin::default()).await?;
        Ok(user)
    }

    /// Replaces a password without the one before: by a reset token, which is used up, or as the operator says.
    async fn replace_password(
        &self,
        user: Uuid,
        password: String,
        token: Option<TokenHash>,
        origin: Origin,
    ) -> Result<(), Error> {
        let (outbox, entropy, now) = (self.outbox.clone(), self.entropy.clone(), self.clock.now());
        let subjects = self.throttle.subjects.clone();
        let replaced = self.database.transaction(move |c| {
            Box::pin(async move {
                let tried_by = subjects.all_of(&emails::lock(c, user).await?.ok_or(Error::MailTokenInvalid)?);
                if let Some(token) = token {
                    tokens::take(c, token, Purpose::PasswordReset, now).await?.ok_or(Error::MailTokenInvalid)?;
                }
                let epoch = passwords::replace(c, user, &password, now).await?;
                let ended = sessions::end_all(c, user, None, EndReason::PasswordReset, now).await?;
                tokens::end_all(c, user).await?;
                throttles::clear(c, &tried_by).await?;
                let event = Event::new(Kind::PasswordReset, &origin, &entropy, now).to(user);
                let event = Event { actor: token.map(|_| user), ..event };
                events::record(c, &event.with("epoch", epoch).ending(&ended)).await?;
                Ok::<_, Error>(outbox.leave(c, &Errand::PasswordChanged { user }, now).await?)
            })
        });
        replaced.await?;
        self.outbox.ring();
        Ok(())
    }
}
