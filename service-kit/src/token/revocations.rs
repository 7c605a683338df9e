//! What is refused although its signature and its times are good: an immutable view, swapped as a whole, that the
//! verifier reads without a lock.
//!
//! An entry is needed for one life of an access token: after that no token from before it can be valid. So the entries
//! stand in slices of time, and a slice leaves as a whole. Adding copies the newest slice alone, which is plain memory:
//! at 1,000 entries a second and a life of 5 minutes, 38,000 entries at most.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use time::OffsetDateTime;
use tokio::sync::watch;
use uuid::Uuid;

use super::{Claims, LEEWAY, MAX_LIFETIME};

/// Seconds that an entry stays beyond one life: the leeway of the verifier, and as much for a token that was being signed
/// when its session ended.
const MARGIN: u64 = 2 * LEEWAY.unsigned_abs();
/// Slices that a life is cut into: so much of the memory, and of a token's checks, is the price of dropping them whole.
const SLICES: u32 = 8;

/// Something that ends tokens which were given out before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Those of a session.
    Session(Uuid),
    /// Those of a user with a lower epoch.
    Epoch(Uuid, i64),
    /// Those of a user who is gone.
    User(Uuid),
}

/// How a token stands that was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Revoked {
    /// Its session is over.
    SessionEnded,
    /// Its user has changed since; the session can get another.
    Outdated,
}

/// The revocations in force, shared by every worker. Empty until somebody tells of some.
#[derive(Clone, Default)]
pub struct Revocations(Arc<Inner>);

struct Inner {
    current: ArcSwap<View>,
    changed: watch::Sender<()>,
}

impl Default for Inner {
    fn default() -> Self {
        let life = Duration::from_secs(MAX_LIFETIME.unsigned_abs());
        let view = View { slices: Vec::new(), life, heard: None };
        Self { current: ArcSwap::from_pointee(view), changed: watch::Sender::new(()) }
    }
}

#[derive(Clone)]
struct View {
    slices: Vec<Arc<Slice>>,
    life: Duration,
    heard: Option<OffsetDateTime>,
}

#[derive(Clone)]
struct Slice {
    began: OffsetDateTime,
    /// The time of the latest entry, by the clock of who made it.
    latest: OffsetDateTime,
    sessions: HashSet<Uuid>,
    /// The least epoch of each user that is still good.
    epochs: HashMap<Uuid, i64>,
}

impl Revocations {
    /// Forgets all and takes these in their place: each with the time at which it happened.
    pub fn replace(&self, all: impl IntoIterator<Item = (OffsetDateTime, Revocation)>, now: OffsetDateTime) {
        let View { life, heard, .. } = **self.0.current.load();
        self.put(View { slices: Vec::new(), life, heard }, all, now);
    }

    /// Adds these.
    pub fn extend(&self, new: impl IntoIterator<Item = (OffsetDateTime, Revocation)>, now: OffsetDateTime) {
        self.put(View::clone(&self.0.current.load()), new, now);
    }

    /// Nothing is missing, now; what is older than the life of an access token leaves.
    pub fn confirm(&self, now: OffsetDateTime) {
        let mut view = View::clone(&self.0.current.load());
        view.forget(now);
        view.heard = Some(now);
        self.0.current.store(Arc::new(view));
    }

    /// How long an access token lives. What is revoked is remembered as long.
    pub fn set_life(&self, life: Duration) {
        let view = View::clone(&self.0.current.load());
        self.0.current.store(Arc::new(View { life, ..view }));
    }

    /// How long an access token lives.
    #[must_use]
    pub fn life(&self) -> Duration {
        self.0.current.load().life
    }

    /// When we were last told that nothing is missing; `None` before the first time.
    #[must_use]
    pub fn heard(&self) -> Option<OffsetDateTime> {
        self.0.current.load().heard
    }

    /// How many entries there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.current.load().slices.iter().map(|slice| slice.sessions.len() + slice.epochs.len()).sum()
    }

    /// Wakes whenever something was added: what goes on for longer than a call asks again then.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    /// Whether a token is revoked.
    pub(super) fn judge(&self, claims: &Claims) -> Result<(), Revoked> {
        let view = self.0.current.load();
        if view.slices.iter().any(|slice| slice.sessions.contains(&claims.sid)) {
            return Err(Revoked::SessionEnded);
        }
        match view.slices.iter().filter_map(|slice| slice.epochs.get(&claims.sub)).max() {
            Some(&i64::MAX) => Err(Revoked::SessionEnded),
            Some(&least) if claims.epoch < least => Err(Revoked::Outdated),
            _ => Ok(()),
        }
    }

    /// There is one writer: whoever follows auth-service.
    fn put(&self, mut view: View, new: impl IntoIterator<Item = (OffsetDateTime, Revocation)>, now: OffsetDateTime) {
        view.forget(now);
        let mut slice = view.newest(now);
        new.into_iter().for_each(|(at, revocation)| slice.add(at, revocation));
        view.slices.push(Arc::new(slice));
        self.0.current.store(Arc::new(view));
        self.0.changed.send_replace(());
    }
}

impl View {
    /// Drops the slices that no token can meet any more.
    fn forget(&mut self, now: OffsetDateTime) {
        let kept = self.life + Duration::from_secs(MARGIN);
        self.slices.retain(|slice| now < slice.latest + kept);
    }

    /// The slice to add to, taken out of the view: a copy of the last one, unless that has had its time.
    fn newest(&mut self, now: OffsetDateTime) -> Slice {
        let width = self.life / SLICES;
        match self.slices.pop_if(|slice| now < slice.began + width) {
            Some(slice) => Slice::clone(&slice),
            None => Slice::new(now),
        }
    }
}

impl Slice {
    fn new(began: OffsetDateTime) -> Self {
        let latest = OffsetDateTime::UNIX_EPOCH;
        Self { began, latest, sessions: HashSet::new(), epochs: HashMap::new() }
    }

    fn add(&mut self, at: OffsetDateTime, revocation: Revocation) {
        let mut raise = |user, least| {
            let epoch = self.epochs.entry(user).or_insert(least);
            *epoch = least.max(*epoch);
        };
        match revocation {
            Revocation::Session(session) => drop(self.sessions.insert(session)),
            Revocation::Epoch(user, least) => raise(user, least),
            Revocation::User(user) => raise(user, i64::MAX),
        }
        self.latest = self.latest.max(at);
    }
}
