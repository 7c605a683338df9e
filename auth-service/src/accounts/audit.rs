//! The audit trail, for admins, page by page.

use service_kit::page::{Page, PageSize};

use super::{Accounts, Error};
use crate::event::Event;
use crate::event::listing::{Filter, Mark};
use crate::session::Key;
use crate::store::events as store;

impl Accounts {
    /// A page of the events that pass the filter, the latest first.
    pub async fn events(
        &self,
        caller: Key,
        filter: Filter,
        after: Option<Mark>,
        size: PageSize,
    ) -> Result<Page<Event, Mark>, Error> {
        let now = self.clock.now();
        let found = store::page(&self.database, caller, filter, after, size.rows(), now).await?;
        if found.is_empty() {
            self.permit_admin(caller, now).await?;
        }
        Ok(Page::new(found, size, Mark::of))
    }
}
