//! The users, for admins, page by page.

use service_kit::page::{Page, PageSize};
use time::OffsetDateTime;

use super::{Accounts, Error};
use crate::session::Key;
use crate::store::listing as store;
use crate::store::users::{self, Standing};
use crate::user::User;
use crate::user::listing::{Filter, Mark};

impl Accounts {
    /// A page of the users that pass the filter.
    pub async fn list(
        &self,
        caller: Key,
        filter: Filter,
        after: Option<Mark>,
        size: PageSize,
    ) -> Result<Page<User, Mark>, Error> {
        let now = self.clock.now();
        let found = store::page(&self.database, caller, filter.clone(), after, size.rows(), now).await?;
        if found.is_empty() {
            self.permit_admin(caller, now).await?;
        }
        Ok(Page::new(found, size, |last| filter.mark(last)))
    }

    /// Refuses whoever is no admin. Asked after an empty page: nothing may pass its filter, or the caller may not ask.
    pub(super) async fn permit_admin(&self, caller: Key, now: OffsetDateTime) -> Result<(), Error> {
        match users::standing_among_admins(&self.database, caller, now).await? {
            Standing::Ended => Err(Error::SessionEnded),
            Standing::Stranger => Err(Error::NotAdmin),
            Standing::Permitted => Ok(()),
        }
    }
}
