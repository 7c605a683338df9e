//! Watches: what happens to the todos of a list, or of all that a user can read, told as it happens.
//!
//! The table is the buffer. A [`Watcher`] reads the rows above its place, in the order of their revisions, and no more
//! until those are taken: one that is slow costs no memory and misses nothing. When there is something to read it learns
//! from [`Watches`], which one [`Doorbell`] a process wakes.

mod doorbell;
mod places;
mod registry;
mod watcher;

use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use service_kit::postgres;

pub use self::doorbell::{Doorbell, tell_others};
pub use self::places::Places;
pub use self::registry::Watches;
pub use self::watcher::Watcher;
use crate::list::{List, ListId};
use crate::revision::Revision;
use crate::todo::{Todo, TodoKey};

/// How watches are kept.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Watches")]
pub struct Settings {
    /// Watches that a user may have at once, at each replica
    #[arg(long, env = "WATCHES_PER_USER", default_value = "20")]
    pub watches_per_user: NonZeroU32,
    /// Seconds between two bookmarks of a watch
    #[arg(long, env = "WATCH_BOOKMARK_SECONDS", default_value = "20")]
    pub watch_bookmark_seconds: NonZeroU16,
}

impl Settings {
    fn bookmark(self) -> Duration {
        Duration::from_secs(self.watch_bookmark_seconds.get().into())
    }
}

/// One message of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// What is known of this list, or of everything where there is none, counts no more: all of it follows.
    Reset(Option<ListId>),
    /// These happened in one list, in this order.
    Changes(Vec<Change>),
    /// The user can read this list no more.
    Left(ListId),
    /// Nothing is missing.
    Bookmark,
}

/// What has become of something in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A todo, as it is now; a deleted one too.
    Todo(Todo),
    /// A todo that is in this list no more.
    Removed(TodoKey),
    /// The list itself, as it is now.
    List(List),
}

/// How far a list has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which list.
    pub list: ListId,
    /// The number of changes in it.
    pub revision: Revision,
    /// The last change of the list itself.
    pub own_revision: Revision,
    /// The last change of a todo that was purged.
    pub purged_revision: Revision,
}

/// Why a watch ends, or does not begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such list, or the user may not see it.
    #[error("no such list, or not the user's")]
    NotFound,
    /// The user may see the list no more.
    #[error("the user is no member of the list any more")]
    AccessEnded,
    /// The user has as many watches as a user may have.
    #[error("the user has {0} watches")]
    Quota(u32),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] postgres::Error),
}
