//! One watch, at its own pace.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use service_kit::postgres::Database;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::places::Place;
use super::registry::Subscription;
use super::{Change, Error, Head, Places, Told, Watches};
use crate::list::{self, ListId};
use crate::revision::Revision;
use crate::store::{self, todos, watch};
use crate::todo::Parent;

/// Todos that a message has at most: 50 with the longest texts are 2 MiB, half of what a message may have.
const PAGE: i64 = 50;

/// What one client is told, message by message. Nothing is read before it is asked for.
pub struct Watcher {
    database: Database,
    user: Uuid,
    parent: Parent,
    subscription: Subscription,
    places: Places,
    /// Whether everything is to be told from its beginning.
    anew: bool,
    /// Lists that the user can read no more.
    left: VecDeque<ListId>,
    /// Lists that have moved, in the order in which they are looked at.
    due: VecDeque<ListId>,
    /// Whether it is to be read which lists there are.
    survey: bool,
    /// The last change of the inbox itself: it changes with the lists that the user can read.
    inbox: Revision,
    /// When to say that nothing is missing.
    bookmark: Instant,
    every: Duration,
}

impl Watches {
    /// Begins to watch as `user`, from the places of a sync token on. Where it tells of no list, all is told.
    pub async fn follow(
        &self,
        database: Database,
        user: Uuid,
        parent: Parent,
        places: Places,
    ) -> Result<Watcher, Error> {
        let (watched, survey) = match parent {
            Parent::One(list) => (list, false),
            Parent::All => (ListId::inbox_of(user), true),
        };
        find(&database, user, watched).await?;
        let mut subscription = self.subscribe(user)?;
        subscription.add(watched);
        let (bookmark, every) = (Instant::now(), self.settings().bookmark());
        let anew = survey && !places.has_begun();
        let (due, left) = (if survey { VecDeque::new() } else { VecDeque::from([watched]) }, VecDeque::new());
        let inbox = Revision::NEVER;
        Ok(Watcher { database, user, parent, subscription, places, anew, left, due, survey, inbox, bookmark, every })
    }
}

impl Watcher {
    /// How far the client is when it has what [`Watcher::next`] returned last.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// The next message.
    pub async fn next(&mut self) -> Result<Told, Error> {
        loop {
            if std::mem::take(&mut self.anew) {
                self.places.set_begun();
                return Ok(Told::Reset(None));
            }
            if let Some(list) = self.left.pop_front() {
                if self.places.forget(list) {
                    return Ok(Told::Left(list));
                }
            } else if self.survey {
                self.survey().await?;
            } else if let Some(list) = self.due.front().copied() {
                if let Some(told) = self.look(list).await? {
                    return Ok(told);
                }
            } else if Instant::now() >= self.bookmark {
                self.bookmark = Instant::now() + self.every;
                return Ok(Told::Bookmark);
            } else {
                self.wait().await;
            }
        }
    }

    async fn wait(&mut self) {
        tokio::select! {
            moved = self.subscription.moved() => {
                self.due.retain(|list| !moved.contains(list));
                self.due.extend(moved);
            }
            () = sleep_until(self.bookmark) => {}
        }
    }

    /// Reads which lists there are. New ones are watched first and then read once more: what happens to one before it is
    /// watched rings no bell.
    async fn survey(&mut self) -> Result<(), Error> {
        let heads = watch::heads(&self.database, self.user).await?;
        let mut any_new = false;
        for head in &heads {
            any_new |= self.subscription.add(head.list);
        }
        if any_new {
            return Ok(());
        }
        self.survey = false;
        let present: BTreeSet<_> = heads.iter().map(|head| head.list).collect();
        let known: BTreeSet<_> = self.places.lists().chain(self.subscription.lists().iter().copied()).collect();
        for gone in known.difference(&present) {
            self.leave(*gone);
        }
        for head in heads {
            if head.list == ListId::inbox_of(self.user) {
                self.inbox = head.own_revision;
            }
            let moved = self.places.of(head.list).is_none_or(|place| place.told < head.revision);
            if moved && !self.due.contains(&head.list) {
                self.due.push_back(head.list);
            }
        }
        Ok(())
    }

    /// Looks at a list that is due: the next message about it, or none if there is none and it is due no more.
    async fn look(&mut self, list: ListId) -> Result<Option<Told>, Error> {
        let place = self.places.of(list);
        // What is told anew is read when that is told.
        let (Place { told, snapshot }, rows) = place.map_or((Place::BEFORE_ALL, 0), |place| (place, PAGE));
        let Some((head, changes)) = todos::changes(&self.database, self.user, list, told, snapshot, rows).await? else {
            if self.parent != Parent::All {
                return Err(Error::AccessEnded);
            }
            self.leave(list);
            return Ok(None);
        };
        if self.parent == Parent::All && list == ListId::inbox_of(self.user) && head.own_revision != self.inbox {
            self.inbox = head.own_revision;
            self.survey = true;
        }
        let Some(place) = place.filter(|place| !place.is_behind(&head)) else {
            self.places.begin(&head);
            return Ok(Some(Told::Reset(Some(list))));
        };
        self.due.pop_front();
        let is_full = i64::try_from(changes.len()).is_ok_and(|count| count >= PAGE);
        if is_full {
            // The others have their turn.
            self.due.push_back(list);
        }
        self.tell(&head, place, changes, is_full).await
    }

    /// What has happened in a list after a place, at most a page of it, as a message.
    async fn tell(
        &mut self,
        head: &Head,
        place: Place,
        changes: Vec<(Revision, Change)>,
        is_full: bool,
    ) -> Result<Option<Told>, Error> {
        let last = changes.last().map_or(place.told, |(revision, _)| *revision);
        // The list itself comes first where nothing is known of it, and else among the todos, where its own change came.
        let turn = if place.told == Revision::NEVER { Revision::FIRST } else { head.own_revision };
        let before = changes.iter().take_while(|(revision, _)| *revision < turn).count();
        let mut told: Vec<_> = changes.into_iter().map(|(_, change)| change).collect();
        let mut upto = last;
        if place.lacks_list(head) && (turn <= last || !is_full) {
            // Where it is gone, the next look tells.
            let list = store::lists::get(&self.database, self.user, head.list).await?;
            told.splice(before..before, list.map(Change::List));
            upto = last.max(turn);
        }
        if told.is_empty() {
            return Ok(None);
        }
        self.places.advance(head.list, upto);
        Ok(Some(Told::Changes(told)))
    }

    /// The user can read a list no more.
    fn leave(&mut self, list: ListId) {
        self.subscription.remove(list);
        self.due.retain(|due| *due != list);
        self.left.push_back(list);
    }
}

/// That a user may see a list. Whoever asks for their own inbox makes it.
async fn find(database: &Database, user: Uuid, list: ListId) -> Result<(), Error> {
    if watch::head(database, user, list).await?.is_some() {
        return Ok(());
    }
    if list == ListId::inbox_of(user) {
        list::ensure_inbox(database, user).await?;
        if watch::head(database, user, list).await?.is_some() {
            return Ok(());
        }
    }
    Err(Error::NotFound)
}
