//! One of the writers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use service_kit::postgres::{Database, Error};
use todo_service::fingerprint::Fingerprint;
use todo_service::list::ListId;
use todo_service::revision::{Etag, Revision};
use todo_service::store::todos::{self, Changed, Created, Moved, Restored};
use todo_service::todo::{Action, Change, Completion, Content, Due, Edit, Move, NewTodo, Next, Spot, TodoKey};
use uuid::Uuid;

use super::{Cast, MAX_LIVE};
use crate::dice::Dice;

/// Ids that the writers share and use again and again, of either kind.
const SHARED_IDS: usize = 40;
/// Versions that a writer remembers.
const MEMORY: usize = 400;

/// What a writer was told about one element of a batch.
pub(crate) enum Event {
    Created {
        list: Uuid,
        creator: Uuid,
        request: Option<Uuid>,
        todo: Uuid,
        revision: i64,
    },
    Changed {
        list: Uuid,
        todo: Uuid,
        expected: Option<i64>,
        revision: i64,
    },
    /// To another list, perhaps.
    Moved {
        list: Uuid,
        todo: Uuid,
        revision: i64,
    },
    /// A deleted one was brought back.
    Restored {
        list: Uuid,
        todo: Uuid,
        expected: Option<i64>,
        revision: i64,
    },
    Taken,
    Quota,
    Mismatch,
    /// No parent can be had there.
    Unsuitable,
    /// It recurs, and what comes next was not computed, or from another version.
    Recurring,
    Again,
    /// A list itself, or its members, were changed.
    Kept,
    /// Not found, as it must be, or may be.
    Refused,
    Fault(String),
}

pub(crate) struct Writer {
    database: Database,
    cast: Cast,
    dice: Dice,
    /// Versions of todos, some of them stale by now.
    known: Vec<(TodoKey, Revision)>,
    /// Whether a batch has failed, of whichever writer: no more is to be learned.
    broken: Arc<AtomicBool>,
}

impl Writer {
    pub(crate) fn new(database: Database, cast: Cast, seed: u64, broken: Arc<AtomicBool>) -> Self {
        Self { database, cast, dice: Dice::seeded(seed), known: Vec::new(), broken }
    }

    pub(crate) async fn send(mut self, batches: usize) -> Vec<Event> {
        let mut events = Vec::new();
        for _ in 0..batches {
            if self.broken.load(Ordering::Relaxed) {
                break;
            }
            let sent = match self.dice.below(100) {
                _ if self.known.is_empty() => self.send_creates(&mut events).await,
                0..35 => self.send_creates(&mut events).await,
                35..50 => self.relocate(&mut events).await,
                _ => self.send_changes(&mut events).await,
            };
            if let Err(error) = sent {
                self.broken.store(true, Ordering::Relaxed);
                events.push(Event::Fault(error.to_string()));
            }
        }
        events
    }

    async fn send_creates(&mut self, events: &mut Vec<Event>) -> Result<(), Error> {
        let batch: Vec<_> = (0..=self.dice.below(32)).map(|_| self.new_todo()).collect();
        // As an import does it, one time in four.
        let answers = if self.dice.below(4) == 0 {
            todos::import(&self.database, &batch, MAX_LIVE).await?
        } else {
            todos::create(&self.database, &batch, MAX_LIVE).await?
        };
        events.extend(batch.iter().zip(answers).map(|(todo, answer)| self.created(todo, answer)));
        Ok(())
    }

    async fn send_changes(&mut self, events: &mut Vec<Event>) -> Result<(), Error> {
        let batch: Vec<_> = (0..=self.dice.below(32)).map(|_| self.a_change()).collect();
        let answers = todos::change(&self.database, &batch, MAX_LIVE).await?;
        events.extend(batch.iter().zip(answers).map(|(change, answer)| self.changed(change, answer)));
        Ok(())
    }

    /// Moves one todo after another, and brings back some that are deleted, perhaps.
    async fn relocate(&mut self, events: &mut Vec<Event>) -> Result<(), Error> {
        for _ in 0..24 {
            let event = if self.dice.percent(35) { self.send_move().await? } else { self.send_undelete().await? };
            events.push(event);
        }
        Ok(())
    }

    async fn send_move(&mut self) -> Result<Event, Error> {
        let ((key, revision), (anchor, _)) = (self.dice.pick(&self.known), self.dice.pick(&self.known));
        let (list, spot) = match self.dice.below(4) {
            0 => (ListId::new(self.dice.pick(&self.cast.lists)), Spot::End),
            1 => (anchor.list, Spot::Before(anchor.id)),
            _ => (anchor.list, Spot::After(anchor.id)),
        };
        let expected = self.dice.percent(50).then(|| Etag::from(revision));
        let order = Move { user: self.user(), key, expected, list, spot };
        let answer = todos::relocate(&self.database, order, MAX_LIVE).await?;
        if self.cast.refused.contains(&order.user) && !matches!(answer, Moved::NotFound) {
            return Ok(Event::Fault(format!("{} may not write, and did: {answer:?}", order.user)));
        }
        Ok(match answer {
            Moved::Todo(todo) => {
                self.remember(todo.key, todo.revision);
                Event::Moved { list: todo.key.list.uuid(), todo: todo.key.id, revision: todo.revision.count() }
            }
            Moved::Mismatch => Event::Mismatch,
            Moved::Taken => Event::Taken,
            Moved::Quota => Event::Quota,
            Moved::NoAnchor | Moved::NoDestination | Moved::NotFound => Event::Refused,
        })
    }

    async fn send_undelete(&mut self) -> Result<Event, Error> {
        let (user, (key, revision)) = (self.user(), self.dice.pick(&self.known));
        let expected = self.dice.percent(50).then(|| Etag::from(revision));
        let answer = todos::restore(&self.database, user, key, expected, MAX_LIVE).await?;
        if self.cast.refused.contains(&user) && !matches!(answer, Restored::NotFound) {
            return Ok(Event::Fault(format!("{user} may not write, and did: {answer:?}")));
        }
        Ok(match answer {
            Restored::Todo(todo) => {
                self.remember(todo.key, todo.revision);
                let expected = expected.map(|etag| etag.revision().count());
                let (list, todo, revision) = (todo.key.list.uuid(), todo.key.id, todo.revision.count());
                Event::Restored { list, todo, expected, revision }
            }
            Restored::Mismatch => Event::Mismatch,
            Restored::Quota => Event::Quota,
            Restored::Live | Restored::NotFound => Event::Refused,
        })
    }

    fn user(&self) -> Uuid {
        match self.dice.below(100) {
            0..10 => self.dice.pick(&self.cast.refused),
            10..20 => self.cast.guest,
            _ => self.dice.pick(&self.cast.editors),
        }
    }

    /// A todo: in three of five cases one that others make as well, now and then with another body.
    fn new_todo(&self) -> NewTodo {
        let creator = self.user();
        let list = ListId::new(self.dice.pick(&self.cast.lists));
        let shared = self.dice.below(SHARED_IDS);
        let (id, request, title) = match self.dice.below(100) {
            0..50 => (self.dice.id(), Some(shared_id(0, shared)), format!("request {shared}")),
            50..60 => (shared_id(1, shared), None, format!("todo {shared}")),
            60..65 => (self.dice.id(), Some(shared_id(0, shared)), "another body".to_owned()),
            _ => (self.dice.id(), None, "only once".to_owned()),
        };
        NewTodo {
            creator,
            key: TodoKey { list, id },
            request,
            fingerprint: Fingerprint::new(creator, &[(2, title.as_bytes())]),
            content: self.content(&title),
            complete_time: None,
            icalendar: None,
        }
    }

    /// A part of another, or something that recurs, or neither.
    fn content(&self, title: &str) -> Content {
        let plain = Content::titled(title.parse().unwrap());
        if self.dice.percent(45) {
            return Content { due: Some(due()), recurrence: "FREQ=DAILY".parse().ok(), ..plain };
        }
        Content { parent: self.a_parent(), ..plain }
    }

    /// What comes next, computed from that version, if it recurs.
    fn completion(&self, from: Revision) -> Completion {
        let occurrence = self.dice.percent(80).then(|| (due(), "FREQ=DAILY".parse().unwrap()));
        let next = self.dice.percent(60).then_some(Next { from, occurrence });
        Completion { next_id: self.dice.id(), next }
    }

    fn a_change(&self) -> Change {
        let (key, revision) = self.dice.pick(&self.known);
        let title = format!("title {}", self.dice.below(1_000_000));
        let action = match self.dice.below(100) {
            0..28 => Action::Edit(Edit { title: title.parse().ok(), ..Edit::default() }),
            28..45 => Action::Edit(Edit { parent: Some(self.a_parent()), ..Edit::default() }),
            45..70 => Action::Complete(self.completion(revision)),
            70..85 => Action::Reopen,
            _ => Action::Delete,
        };
        let expected = self.dice.percent(50).then(|| Etag::from(revision));
        Change { user: self.user(), key, expected, action }
    }

    /// Now and then a todo to be a part of: there or not, in this list or another.
    fn a_parent(&self) -> Option<TodoKey> {
        (!self.known.is_empty() && self.dice.percent(45)).then(|| self.dice.pick(&self.known).0)
    }

    fn remember(&mut self, key: TodoKey, revision: Revision) {
        if self.known.len() < MEMORY {
            self.known.push((key, revision));
        } else {
            let place = self.dice.below(MEMORY);
            self.known[place] = (key, revision);
        }
    }

    fn may_be_refused(&self, user: Uuid, list: Uuid) -> bool {
        user == self.cast.guest || self.cast.refused.contains(&user) || list == self.cast.fragile()
    }

    fn created(&mut self, asked: &NewTodo, answer: Created) -> Event {
        let creator = asked.creator;
        if self.cast.refused.contains(&creator) && answer != Created::NotFound {
            return Event::Fault(format!("{creator} may not write, and did: {answer:?}"));
        }
        match answer {
            Created::Todo(todo) | Created::Repeated(todo) => {
                self.remember(todo.key, todo.revision);
                let (list, revision) = (todo.key.list.uuid(), todo.revision.count());
                Event::Created { list, creator, request: asked.request, todo: todo.key.id, revision }
            }
            // Where it went it has versions of its own.
            Created::Moved(_) => Event::Refused,
            Created::Taken => Event::Taken,
            Created::Quota => Event::Quota,
            Created::Parent => Event::Unsuitable,
            Created::Again => Event::Again,
            Created::NotFound if self.may_be_refused(creator, asked.key.list.uuid()) => Event::Refused,
            Created::NotFound => Event::Fault(format!("{creator} may write, and was refused")),
        }
    }

    fn changed(&mut self, asked: &Change, answer: Changed) -> Event {
        let user = asked.user;
        if self.cast.refused.contains(&user) && answer != Changed::NotFound {
            return Event::Fault(format!("{user} may not write, and did: {answer:?}"));
        }
        let expected = asked.expected.map(|etag| etag.revision().count());
        match answer {
            Changed::Todo(todo) => {
                self.remember(todo.key, todo.revision);
                let (list, revision) = (todo.key.list.uuid(), todo.revision.count());
                Event::Changed { list, todo: todo.key.id, expected, revision }
            }
            Changed::Mismatch(present) if Some(present.count()) == expected => {
                Event::Fault(format!("{present:?} is what was expected"))
            }
            Changed::Mismatch(_) => Event::Mismatch,
            Changed::Again => Event::Again,
            Changed::Parent | Changed::Recurrence => Event::Unsuitable,
            Changed::Recurring(_) => Event::Recurring,
            Changed::Quota => Event::Quota,
            // Deleted, or refused.
            Changed::NotFound => Event::Refused,
        }
    }
}

fn due() -> Due {
    Due::Date("2026-12-24".parse().unwrap())
}

/// One of the ids that all writers know.
fn shared_id(kind: u128, n: usize) -> Uuid {
    Uuid::from_u128(0x7000_0000_0000_0000 << 64 | kind << 32 | n as u128)
}
