//! Who watches which lists in this process.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Error, Settings};
use crate::list::ListId;
use crate::revision::Revision;

/// The watches of a process. Clones share them.
#[derive(Clone)]
pub struct Watches(Arc<Registry>);

struct Registry {
    settings: Settings,
    /// Numbers the watches.
    next: AtomicU64,
    lists: Mutex<HashMap<ListId, Watched>>,
    /// How many watches each user has.
    users: Mutex<HashMap<Uuid, u32>>,
}

/// A list that somebody watches.
#[derive(Default)]
struct Watched {
    /// The revision at which it was last seen.
    seen: Option<Revision>,
    bells: HashMap<u64, Arc<Bell>>,
}

/// Wakes one watch.
#[derive(Default)]
struct Bell {
    /// The lists that have moved since it last looked.
    moved: Mutex<BTreeSet<ListId>>,
    rung: Notify,
}

impl Bell {
    fn ring(&self, list: ListId) {
        self.moved.lock().insert(list);
        self.rung.notify_one();
    }
}

impl Watches {
    /// Nobody watches yet.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let (lists, users) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Registry { settings: *settings, next: AtomicU64::new(0), lists, users }))
    }

    /// How many watches are open.
    #[must_use]
    pub fn open(&self) -> u32 {
        self.0.users.lock().values().sum()
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// A watch of `user`, of no list yet.
    pub(super) fn subscribe(&self, user: Uuid) -> Result<Subscription, Error> {
        let most = self.0.settings.watches_per_user.get();
        let mut users = self.0.users.lock();
        let count = users.entry(user).or_default();
        if *count >= most {
            return Err(Error::Quota(most));
        }
        *count += 1;
        drop(users);
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        Ok(Subscription { watches: self.clone(), user, number, lists: BTreeSet::new(), bell: Arc::default() })
    }

    /// The lists that somebody watches.
    pub(super) fn lists(&self) -> Vec<ListId> {
        self.0.lists.lock().keys().copied().collect()
    }

    /// How far these lists are; `None` for one that is gone. Wakes those who watch one that has moved.
    pub(super) fn tell(&self, seen: impl IntoIterator<Item = (ListId, Option<Revision>)>) {
        let mut lists = self.0.lists.lock();
        for (list, revision) in seen {
            let Some(watched) = lists.get_mut(&list) else { continue };
            // One that was never seen may have moved since its watch looked.
            if watched.seen.is_none() || watched.seen != revision {
                watched.seen = revision;
                watched.bells.values().for_each(|bell| bell.ring(list));
            }
        }
    }
}

/// A watch, as the registry knows it, until dropped.
pub(super) struct Subscription {
    watches: Watches,
    user: Uuid,
    number: u64,
    lists: BTreeSet<ListId>,
    bell: Arc<Bell>,
}

impl Subscription {
    /// The lists that are watched.
    pub(super) fn lists(&self) -> &BTreeSet<ListId> {
        &self.lists
    }

    /// Watches a list as well; false if it was watched before. Whatever is committed from now on will ring.
    pub(super) fn add(&mut self, list: ListId) -> bool {
        let mut lists = self.watches.0.lists.lock();
        lists.entry(list).or_default().bells.insert(self.number, Arc::clone(&self.bell));
        self.lists.insert(list)
    }

    /// Watches a list no more.
    pub(super) fn remove(&mut self, list: ListId) {
        self.lists.remove(&list);
        self.watches.0.leave(list, self.number);
    }

    /// Waits until a list has moved, and says which have.
    pub(super) async fn moved(&self) -> BTreeSet<ListId> {
        loop {
            let rung = self.bell.rung.notified();
            let moved = std::mem::take(&mut *self.bell.moved.lock());
            if !moved.is_empty() {
                return moved;
            }
            rung.await;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        for list in std::mem::take(&mut self.lists) {
            self.watches.0.leave(list, self.number);
        }
        let mut users = self.watches.0.users.lock();
        if let Some(count) = users.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                users.remove(&self.user);
            }
        }
    }
}

impl Registry {
    fn leave(&self, list: ListId, number: u64) {
        let mut lists = self.lists.lock();
        if let Some(watched) = lists.get_mut(&list) {
            watched.bells.remove(&number);
            if watched.bells.is_empty() {
                lists.remove(&list);
            }
        }
    }
}
