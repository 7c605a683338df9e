//! One of those who change lists themselves while others write to them: shares, removes, hands over, renames, deletes and
//! brings back.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use service_kit::postgres::Database;
use todo_service::limits::Limits;
use todo_service::list::{self, ListId};
use todo_service::member::{self, MemberKey, Role, Share};
use todo_service::revision::{Etag, Revision};
use uuid::Uuid;

use super::writer::Event;
use super::{Cast, MAX_LIVE};
use crate::dice::Dice;

pub(crate) const LIMITS: Limits =
    Limits { todos_per_list: MAX_LIVE, lists_per_user: 100, members_per_list: 50, import_silence_ms: 1_000 };

pub(crate) struct Keeper {
    database: Database,
    cast: Cast,
    dice: Dice,
    /// Versions of lists, some of them stale by now.
    known: HashMap<Uuid, Revision>,
}

impl Keeper {
    pub(crate) fn new(database: Database, cast: Cast, seed: u64) -> Self {
        Self { database, cast, dice: Dice::seeded(seed), known: HashMap::new() }
    }

    pub(crate) async fn keep(mut self, over: Arc<AtomicBool>) -> Vec<Event> {
        let mut events = Vec::new();
        while !over.load(Ordering::Relaxed) {
            let list = self.dice.pick(&self.cast.lists);
            let event = if self.dice.percent(70) { self.members(list).await } else { self.list(list).await };
            let failed = matches!(event, Event::Fault(_));
            events.push(event);
            if failed {
                break;
            }
        }
        events
    }

    /// Either of the two who own the lists in turn.
    fn owner(&self) -> Uuid {
        self.dice.pick(&self.cast.owners)
    }

    async fn members(&self, list: Uuid) -> Event {
        let (by, guest, list) = (self.owner(), self.cast.guest, ListId::new(list));
        let key = |user| MemberKey { list, user };
        let change = |by, user, action| member::Change { by, key: key(user), expected: None, action };
        let done = match self.dice.below(100) {
            0..45 => member::share(&self.database, &LIMITS, Share { by, key: key(guest), role: Role::Editor })
                .await
                .map(|_| ()),
            45..70 => self.change(change(by, guest, member::Action::Remove)).await,
            70..80 => self.change(change(guest, guest, member::Action::Leave)).await,
            _ => self.change(change(by, self.owner(), member::Action::Role(Some(Role::Owner)))).await,
        };
        match done {
            Ok(()) => Event::Kept,
            Err(
                member::Error::NotFound
                | member::Error::RoleInsufficient(_)
                | member::Error::OwnerMustStay
                | member::Error::Exists(..),
            ) => Event::Refused,
            Err(error) => Event::Fault(format!("a member: {error}")),
        }
    }

    async fn change(&self, change: member::Change) -> Result<(), member::Error> {
        member::change(&self.database, change).await.map(|_| ())
    }

    async fn list(&mut self, list: Uuid) -> Event {
        let (user, fragile) = (self.owner(), self.cast.fragile());
        let expected = self.known.get(&list).filter(|_| self.dice.percent(50)).map(|revision| Etag::from(*revision));
        let name = format!("list {}", self.dice.below(1_000_000)).parse().ok();
        let rename = |id| list::Change { user, id: ListId::new(id), expected, action: list::Action::Rename(name) };
        let other = |action| list::Change { user, id: ListId::new(fragile), expected: None, action };
        let change = match self.dice.below(100) {
            0..60 => rename(list),
            60..70 => other(list::Action::Delete),
            _ => other(list::Action::Undelete),
        };
        let expected = change.expected.map(|etag| etag.revision().count());
        match list::change(&self.database, &LIMITS, change).await {
            Ok(changed) => self.changed(&changed, expected),
            Err(list::Error::EtagMismatch) => Event::Mismatch,
            Err(list::Error::NotFound | list::Error::RoleInsufficient(_) | list::Error::NotDeleted) => Event::Refused,
            Err(error) => Event::Fault(format!("a list: {error}")),
        }
    }

    /// What was expected was the version right before: nothing was overwritten that the keeper had not seen.
    fn changed(&mut self, list: &list::List, expected: Option<i64>) -> Event {
        let revision = list.revision.count();
        self.known.insert(list.id.uuid(), list.revision);
        match expected {
            Some(expected) if revision != expected + 1 => {
                Event::Fault(format!("a list was changed at {expected} and is at {revision}: a lost update"))
            }
            _ => Event::Kept,
        }
    }
}
