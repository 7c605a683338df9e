//! How far a watch has come in each list.

use serde::{Deserialize, Serialize};

use super::Head;
use crate::list::ListId;
use crate::revision::{MAX_LISTS, Revision, Revisions};

/// The places in all lists of a watch: what a sync token says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// Whether the client has been told to forget what it knew before.
    begun: bool,
    /// What is told: of each list everything up to this revision.
    told: Revisions,
    /// Lists that are being told from their beginning, or have nothing left of what came last: nothing up to this revision
    /// is missing that is not above what is told. Without it, a watch that is resumed in a snapshot would begin it again.
    snapshots: Revisions,
}

/// The place in one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Everything up to here is told.
    pub(super) told: Revision,
    /// Of what was deleted up to here, nothing is told.
    pub(super) snapshot: Revision,
}

impl Place {
    /// The place from which nothing is told yet.
    pub(super) const BEFORE_ALL: Self = Self { told: Revision::NEVER, snapshot: Revision::NEVER };

    /// Whether the list itself is to be told: first of all, and after it has changed.
    pub(super) fn lacks_list(self, head: &Head) -> bool {
        self.told == Revision::NEVER || head.own_revision > self.told.max(self.snapshot)
    }

    /// Whether something is gone of which this place has not been told: one cannot go on from here.
    pub(super) fn is_behind(self, head: &Head) -> bool {
        head.purged_revision > self.told.max(self.snapshot)
    }
}

impl From<Revisions> for Places {
    /// The places of somebody who has read all of these lists.
    fn from(told: Revisions) -> Self {
        Self { begun: !told.is_empty(), told, snapshots: Revisions::default() }
    }
}

impl Places {
    /// Whether a client can go on from here; else it begins anew.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether they fit a token.
    #[must_use]
    pub fn fit(&self) -> bool {
        self.told.len() + self.snapshots.len() <= MAX_LISTS
    }

    /// The client forgets what it knew before.
    pub(super) fn set_begun(&mut self) {
        self.begun = true;
    }

    /// The lists of which something is told.
    pub(super) fn lists(&self) -> impl Iterator<Item = ListId> {
        self.told.lists()
    }

    /// The place in a list, if anything is told of it.
    pub(super) fn of(&self, list: ListId) -> Option<Place> {
        let told = self.told.get(list)?;
        Some(Place { told, snapshot: self.snapshots.get(list).unwrap_or(Revision::NEVER) })
    }

    /// Begins a list anew.
    pub(super) fn begin(&mut self, head: &Head) {
        self.told.insert(head.list, Revision::NEVER);
        self.snapshots.insert(head.list, head.revision);
    }

    /// Everything up to `told` is told.
    pub(super) fn advance(&mut self, list: ListId, told: Revision) {
        self.told.insert(list, told);
        if self.snapshots.get(list).is_some_and(|snapshot| snapshot <= told) {
            self.snapshots.remove(list);
        }
    }

    /// A list counts no more; whether anything was told of it.
    pub(super) fn forget(&mut self, list: ListId) -> bool {
        self.snapshots.remove(list);
        self.told.remove(list)
    }
}
