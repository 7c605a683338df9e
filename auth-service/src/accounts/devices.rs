//! Where a user is logged in, and the end of it.

use service_kit::page::{Page, PageSize};
use uuid::Uuid;

use super::{Accounts, Error};
use crate::event::{Event, Kind};
use crate::origin::Origin;
use crate::session::{EndReason, Key, Session};
use crate::store::users::{self, Standing};
use crate::store::{Connection, devices as store, events, sessions};

impl Accounts {
    /// A page of the live sessions of a user, the latest log-in first, after the session `after`.
    pub async fn sessions(
        &self,
        caller: Key,
        target: Uuid,
        after: Option<Uuid>,
        size: PageSize,
    ) -> Result<Page<Session, Uuid>, Error> {
        let now = self.clock.now();
        let found = store::page(&self.database, caller, target, after, size.rows(), now).await?;
        if found.is_empty() {
            // A user may have no session; whether the caller may know is another question.
            permitted(users::standing(&self.database, caller, target, now).await?)?;
        }
        Ok(Page::new(found, size, |last| last.key.session))
    }

    /// Ends a session of a user; one that has ended stays as it is.
    pub async fn revoke_session(&self, caller: Key, target: Key, origin: Origin) -> Result<(), Error> {
        let (now, entropy) = (self.clock.now(), self.entropy.clone());
        self.database
            .transaction(move |c| {
                Box::pin(async move {
                    permitted(users::standing_in(c, caller, target.user, now).await?)?;
                    if !sessions::end(c, target, EndReason::Revoked, now).await? {
                        return if store::exists(c, target).await? { Ok(()) } else { Err(Error::NotFound) };
                    }
                    let event = Event::new(Kind::SessionRevoked, &origin, &entropy, now).to(target.user);
                    record(c, event.by(caller.user).session(target.session)).await
                })
            })
            .await
    }

    /// Ends all sessions of a user but, where it is to be kept, the caller's own, and says how many.
    pub async fn revoke_sessions(
        &self,
        caller: Key,
        target: Uuid,
        keep_present: bool,
        origin: Origin,
    ) -> Result<usize, Error> {
        let (now, entropy) = (self.clock.now(), self.entropy.clone());
        self.database
            .transaction(move |c| {
                Box::pin(async move {
                    permitted(users::standing_in(c, caller, target, now).await?)?;
                    store::lock_user(c, target).await?;
                    let kept = keep_present.then_some(caller.session);
                    let ended = sessions::end_all(c, target, kept, EndReason::Revoked, now).await?;
                    let event = Event::new(Kind::SessionsRevoked, &origin, &entropy, now).to(target).by(caller.user);
                    let event = event.session(caller.session).ending(&ended).with("present_kept", keep_present);
                    record(c, event).await?;
                    Ok(ended.len())
                })
            })
            .await
    }
}

async fn record(c: &mut Connection, event: Event) -> Result<(), Error> {
    Ok(events::record(c, &event).await?)
}

fn permitted(standing: Standing) -> Result<(), Error> {
    match standing {
        Standing::Permitted => Ok(()),
        Standing::Stranger => Err(Error::NotFound),
        Standing::Ended => Err(Error::SessionEnded),
    }
}
