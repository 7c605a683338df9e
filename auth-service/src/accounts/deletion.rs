//! How far the deletion of a user has come, in the services that follow the feed.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Accounts, Error};
use crate::session::Key;
use crate::store::deletions as store;
use crate::store::users::{self, Standing};

/// A user who is gone from here, and perhaps not from everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDeletion {
    /// Who.
    pub user: Uuid,
    /// Since when.
    pub at: OffsetDateTime,
    /// The consumers of the feed that have acted on it, by name.
    pub completed: Vec<String>,
    /// Those that have not.
    pub residual: Vec<String>,
}

impl Accounts {
    /// The deletion of the user `target`, for an admin.
    pub async fn deletion(&self, caller: Key, target: Uuid) -> Result<UserDeletion, Error> {
        let now = self.clock.now();
        if let Some(deletion) = store::get(&self.database, caller, target, now).await? {
            return Ok(deletion);
        }
        Err(match users::standing_among_admins(&self.database, caller, now).await? {
            Standing::Ended => Error::SessionEnded,
            Standing::Stranger => Error::NotAdmin,
            Standing::Permitted => Error::NotFound,
        })
    }
}
