//! The services that follow the feed, and how far each has acted on it.

use std::sync::Arc;

use service_kit::clock::Clock;
use service_kit::postgres::{self, Database};
use time::OffsetDateTime;

use crate::feed::Cursor;
use crate::store::consumers as store;

/// The consumers.
#[derive(Clone)]
pub struct Consumers {
    database: Database,
    clock: Clock,
}

/// A service that follows the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// The name in its certificate.
    pub name: String,
    /// How far it has acted.
    pub cursor: Cursor,
    /// When it last said so.
    pub seen: OffsetDateTime,
}

/// Why nothing was acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No event has this place yet.
    #[error("the cursor is ahead of the feed")]
    AheadOfFeed,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] postgres::Error),
}

impl Consumers {
    /// The consumers in `database`.
    #[must_use]
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock }
    }

    /// How far a consumer has acted on the events: not at all, if it never said so.
    pub async fn acted_on(&self, name: Arc<str>) -> Result<Cursor, Error> {
        Ok(store::acted_on(&self.database, name).await?.unwrap_or(Cursor::new(0)))
    }

    /// Registers a consumer, and that it has acted on everything up to `cursor`. It never goes back.
    pub async fn acknowledge(&self, name: Arc<str>, cursor: Cursor) -> Result<(), Error> {
        let known = store::acknowledge(&self.database, name, cursor, self.clock.now()).await?;
        if known { Ok(()) } else { Err(Error::AheadOfFeed) }
    }

    /// All of them, by name.
    pub async fn all(&self) -> Result<Vec<Consumer>, Error> {
        Ok(store::all(&self.database).await?)
    }

    /// Forgets one, which is gone for good; false if there is none of this name.
    pub async fn forget(&self, name: &str) -> Result<bool, Error> {
        Ok(store::forget(&self.database, name.to_owned()).await?)
    }
}
