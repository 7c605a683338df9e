//! What users do that needs their password again.

use service_kit::postgres;
use uuid::Uuid;

use super::council::Council;
use super::{Accounts, Error};
use crate::event::{Event, Kind};
use crate::mail::Errand;
use crate::origin::Origin;
use crate::password::{Password, PasswordHash};
use crate::session::{EndReason, Key};
use crate::store::passwords::{self as store, Stored};
use crate::store::{admins, events, mail_tokens, sessions, throttles, users};
use crate::throttle::Attempt;

/// Another password for a user.
#[derive(Debug)]
pub struct PasswordChange {
    /// The one so far.
    pub current: Password,
    /// The one from now on.
    pub new: Password,
    /// Whether the other sessions go on.
    pub keep_others: bool,
}

/// A password that was found to be the caller's.
struct Proven {
    /// Which password it is. It must still be there when something is done by it: one that was chosen meanwhile must win.
    revision: i64,
    /// To be cleared when something is done.
    attempt: Attempt,
}

impl Accounts {
    /// Replaces the caller's password; nobody can do so for another user.
    pub async fn change_password(
        &self,
        caller: Key,
        target: Uuid,
        change: PasswordChange,
        origin: Origin,
    ) -> Result<(), Error> {
        let proven = self.prove(caller, target, change.current).await?;
        let words = self.get(caller, target).await?.words();
        let hash = self.hasher.hash(change.new, words).await?.to_phc().ok_or(Error::Unwritable)?;
        let (now, entropy, keep_others) = (self.clock.now(), self.entropy.clone(), change.keep_others);
        let outbox = self.outbox.clone();
        let changed = self.database.transaction(move |c| {
            Box::pin(async move {
                if !users::lock_unchanged(c, caller.user, proven.revision).await? {
                    return Err(Error::PasswordWrong);
                }
                throttles::clear(c, &[proven.attempt.subject]).await?;
                let epoch = store::replace(c, caller.user, &hash, now).await?;
                let (kept, why) = (Some(caller.session), EndReason::PasswordChanged);
                let ended =
                    if keep_others { Vec::new() } else { sessions::end_all(c, caller.user, kept, why, now).await? };
                mail_tokens::end_all(c, caller.user).await?;
                let event = Event::new(Kind::PasswordChanged, &origin, &entropy, now).to(caller.user);
                let event = event.by(caller.user).session(caller.session);
                let event = event.with("epoch", epoch).with("other_sessions_kept", keep_others);
                events::record(c, &event.ending(&ended)).await?;
                Ok(outbox.leave(c, &Errand::PasswordChanged { user: caller.user }, now).await?)
            })
        });
        changed.await?;
        self.outbox.ring();
        Ok(())
    }

    /// Deletes the caller with everything of theirs.
    pub async fn delete_self(&self, caller: Key, password: Password, origin: Origin) -> Result<(), Error> {
        let target = caller.user;
        let proven = self.prove(caller, target, password).await?;
        let (clock, entropy) = (self.clock.clone(), self.entropy.clone());
        self.database
            .transaction(move |c| {
                Box::pin(async move {
                    let council = Council::new(target, admins::lock(c, target).await?);
                    let epoch = council.target()?.epoch;
                    if !users::lock_unchanged(c, target, proven.revision).await? {
                        return Err(Error::PasswordWrong);
                    }
                    council.spares_the_target()?;
                    throttles::clear(c, &[proven.attempt.subject]).await?;
                    admins::delete(c, target).await?;
                    let event = Event::new(Kind::UserDeleted, &origin, &entropy, clock.now()).to(target).by(target);
                    events::record(c, &event.session(caller.session).with("epoch", epoch)).await?;
                    Ok(())
                })
            })
            .await
    }

    /// Compares the caller's password with the stored one.
    async fn prove(&self, caller: Key, target: Uuid, password: Password) -> Result<Proven, Error> {
        let stored = store::of_caller(&self.database, caller, self.clock.now()).await?;
        let Stored { phc, revision } = stored.ok_or(Error::SessionEnded)?;
        if target != caller.user {
            return Err(Error::NotFound);
        }
        let corrupt = || {
            let (table, column, id) = ("auth.users", "password_hash", caller.user.to_string());
            postgres::Error::Corrupt { table, column, id }
        };
        let hash = PasswordHash::from_phc(&phc).ok_or_else(corrupt)?;
        let attempt = self.throttle.reserve(self.throttle.subjects.user(caller.user)).await?;
        let compared = self.throttle.settle(attempt, self.hasher.compare(password, Some(hash)).await).await??;
        if compared.matches { Ok(Proven { revision, attempt }) } else { Err(Error::PasswordWrong) }
    }
}
