//! An import: pieces of text and messages become todos, a batch at a time.

use std::collections::VecDeque;
use std::mem;

use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::postgres::Database;
use uuid::Uuid;

use super::arrival::{Arrival, Place};
use super::waiting::Waiting;
use crate::fingerprint::Fingerprint;
use crate::list::{self, ListId};
use crate::member::{self, Role};
use crate::store::todos::{self, Created};
use crate::todo::{Error, NewTodo, TodoKey, refusal};
use crate::vtodo::{Cut, Fault, Item, Notice, Reader, Zones, nth};

/// Todos of one batch: some ten milliseconds under the lock of the list.
const BATCH: usize = 200;
/// Bytes of one batch, about.
const BATCH_BYTES: usize = 1024 * 1024;

/// Who imports, and where to.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Who.
    pub user: Uuid,
    /// The list.
    pub list: ListId,
    /// Todos that a list may hold.
    pub max: u32,
    /// The id of the intent, kept across its repeats.
    pub request: Option<Uuid>,
}

/// An import on its way. Nothing of it runs by itself: whoever drops it ends it, and what was told is kept.
pub struct Import {
    database: Database,
    clock: Clock,
    entropy: Entropy,
    target: Target,
    reader: Reader,
    zones: Zones,
    batch: Vec<Arrival>,
    bytes: usize,
    waiting: Waiting,
    told: VecDeque<Told>,
    /// Why it ends, when all is told.
    failure: Option<Error>,
    progress: Progress,
    /// Todos that have come.
    count: u64,
    ended: bool,
}

/// What an import tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// How far it is: after each batch.
    Progress(Progress),
    /// Something about one todo.
    Finding(Place, Reason),
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Todos that were made.
    pub created: i64,
    /// Todos that were there before.
    pub existing: i64,
    /// Todos that were not made.
    pub refused: i64,
    /// Components that are no todos.
    pub skipped: i64,
}

/// What there is to say about a todo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was not made: its text cannot be read.
    Unreadable(Fault),
    /// It was not made: a field breaks its rule, in these words.
    Invalid(String),
    /// It was made, and a field does not say all that the text does.
    Kept(Notice),
}

impl Import {
    /// An import into a list that the user may write to. One's own inbox is made on its first use.
    pub async fn begin(database: Database, clock: Clock, entropy: Entropy, target: Target) -> Result<Self, Error> {
        match member::role(&database, target.user, target.list).await? {
            Some(role) if role < Role::Editor => return Err(Error::RoleInsufficient(Role::Editor)),
            Some(_) => {}
            None if target.list == ListId::inbox_of(target.user) => list::ensure_inbox(&database, target.user).await?,
            None => return Err(Error::NotFound),
        }
        Ok(Self {
            database,
            clock,
            entropy,
            target,
            reader: Reader::default(),
            zones: Zones::default(),
            batch: Vec::new(),
            bytes: 0,
            waiting: Waiting::default(),
            told: VecDeque::new(),
            failure: None,
            progress: Progress::default(),
            count: 0,
            ended: false,
        })
    }

    /// Takes the next piece of text, when the one before is read ([`Import::next`] has nothing more).
    pub fn text(&mut self, piece: Vec<u8>) {
        self.reader.push(piece);
    }

    /// Takes a todo.
    pub fn todo(&mut self, mut arrival: Arrival) {
        self.count += 1;
        let id = arrival.item.fields.id.unwrap_or_else(|| match self.target.request {
            Some(request) => nth(request, self.count),
            None => self.entropy.id(self.clock.now()),
        });
        arrival.item.fields.id = Some(id);
        if let Some(arrival) = self.waiting.pass(arrival) {
            self.enqueue(arrival);
        }
    }

    /// Takes note of a todo that cannot be made.
    pub fn refuse(&mut self, place: Place, reason: Reason) {
        self.progress.refused += 1;
        self.told.push_back(Told::Finding(place, reason));
    }

    /// Nothing follows.
    pub fn end(&mut self) {
        self.reader.end();
        self.ended = true;
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Whether there are todos that could be made now.
    #[must_use]
    pub fn has_some(&self) -> bool {
        !self.batch.is_empty()
    }

    /// Works until there is something to tell; `None` when more is needed, or nothing is left.
    pub async fn next(&mut self) -> Result<Option<Told>, Error> {
        loop {
            if let Some(told) = self.told.pop_front() {
                return Ok(Some(told));
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES {
                self.flush().await?;
                continue;
            }
            match self.reader.next() {
                Some(cut) => self.take(cut),
                None if !self.ended => return Ok(None),
                None if self.has_some() => self.flush().await?,
                None => match self.waiting.ready(true) {
                    none if none.is_empty() => return Ok(None),
                    orphans => orphans.into_iter().for_each(|orphan| self.enqueue(orphan)),
                },
            }
        }
    }

    /// Makes the todos that have come, though they are few.
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.bytes = 0;
        let mut batch = mem::take(&mut self.batch);
        while !batch.is_empty() {
            batch = self.make(batch).await?;
        }
        for arrival in self.waiting.ready(false) {
            self.enqueue(arrival);
        }
        self.told.push_back(Told::Progress(self.progress));
        Ok(())
    }

    fn take(&mut self, cut: Cut) {
        match cut {
            Cut::Todo(component) => match Item::read(&component, &self.zones) {
                Ok(item) => {
                    let place = Place::Line(component.line);
                    self.told.extend(item.notices().into_iter().map(|of| Told::Finding(place, Reason::Kept(of))));
                    self.todo(Arrival { place, item });
                }
                Err(broken) => self.refuse(Place::Line(broken.line), Reason::Unreadable(broken.fault)),
            },
            Cut::Zone { id, location } => self.zones.define(id, &location),
            Cut::Other => self.progress.skipped += 1,
            Cut::Broken(broken) => self.refuse(Place::Line(broken.line), Reason::Unreadable(broken.fault)),
        }
    }

    fn enqueue(&mut self, arrival: Arrival) {
        self.bytes += arrival.bytes();
        self.batch.push(arrival);
    }

    /// Makes what can be made; what is left must be asked for again.
    async fn make(&mut self, batch: Vec<Arrival>) -> Result<Vec<Arrival>, Error> {
        let (mut arrivals, mut todos) = (Vec::new(), Vec::new());
        for arrival in batch {
            match self.new_todo(&arrival) {
                Ok(todo) => {
                    todos.push(todo);
                    arrivals.push(arrival);
                }
                Err(reason) => self.refuse(arrival.place, reason),
            }
        }
        let (mut left, mut is_full) = (Vec::new(), false);
        let answers = todos::import(&self.database, &todos, self.target.max).await?;
        for (mut arrival, answer) in arrivals.into_iter().zip(answers) {
            match answer {
                Created::Todo(_) => self.progress.created += 1,
                Created::Repeated(_) | Created::Moved(_) | Created::Taken => self.progress.existing += 1,
                Created::Again => left.push(arrival),
                Created::Parent => match arrival.item.orphan() {
                    Ok(()) => {
                        self.told.push_back(Told::Finding(arrival.place, Reason::Kept(Notice::Parent)));
                        left.push(arrival);
                    }
                    Err(fault) => self.refuse(arrival.place, Reason::Unreadable(fault)),
                },
                Created::Quota => is_full = true,
                Created::NotFound => return Err(refusal(&self.database, self.target.user, self.target.list).await),
            }
        }
        for todo in &todos {
            self.waiting.see(todo.key.id);
        }
        if is_full {
            self.failure = Some(Error::Quota(self.target.max));
            left.clear();
        }
        Ok(left)
    }

    fn new_todo(&self, arrival: &Arrival) -> Result<NewTodo, Reason> {
        let Target { user, list, .. } = self.target;
        let content = arrival.content(list).map_err(|invalid| Reason::Invalid(invalid.text().to_owned()))?;
        let id = arrival.item.fields.id.unwrap_or_else(|| self.entropy.id(self.clock.now()));
        let rest = &arrival.item.rest;
        Ok(NewTodo {
            creator: user,
            key: TodoKey { list, id },
            request: None,
            // A todo of that id is that todo, whatever it says by now.
            fingerprint: Fingerprint::new(user, &[(0, b"import"), (1, id.as_bytes())]),
            content,
            complete_time: arrival.complete_time(self.clock.now()),
            icalendar: (!rest.is_empty()).then(|| rest.clone()),
        })
    }
}
