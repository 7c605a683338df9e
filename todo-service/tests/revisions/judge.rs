//! What the writers were told, against what really happened.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::audit::{Entry, Version};
use crate::storm::writer::Event;

/// What contradicts the promise, and how often each branch was taken.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) faults: Vec<String>,
    pub(crate) tally: Tally,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) done: usize,
    pub(crate) repeated: usize,
    pub(crate) moved: usize,
    pub(crate) restored: usize,
    pub(crate) taken: usize,
    pub(crate) quota: usize,
    pub(crate) mismatch: usize,
    pub(crate) conditional: usize,
    pub(crate) unsuitable: usize,
    pub(crate) recurring: usize,
    pub(crate) implied: usize,
    pub(crate) again: usize,
    pub(crate) kept: usize,
    pub(crate) refused: usize,
    pub(crate) polls: usize,
}

pub(crate) struct Judge {
    versions: HashMap<Version, Entry>,
    acknowledged: HashSet<Version>,
    /// The todo of each list, creator and request id.
    requests: HashMap<(Uuid, Uuid, Uuid), Uuid>,
    report: Report,
}

impl Judge {
    pub(crate) fn new(versions: HashMap<Version, Entry>) -> Self {
        Self { versions, acknowledged: HashSet::new(), requests: HashMap::new(), report: Report::default() }
    }

    pub(crate) fn hear(&mut self, event: Event) {
        let tally = &mut self.report.tally;
        match event {
            Event::Created { list, creator, request, todo, revision } => {
                self.version((list, revision), todo);
                self.created(request.map(|request| (list, creator, request)), todo);
            }
            Event::Changed { list, todo, expected, revision } => {
                let previous = self.version((list, revision), todo);
                self.changed(todo, expected, revision, previous);
            }
            Event::Moved { list, todo, revision } => {
                tally.moved += 1;
                self.version((list, revision), todo);
            }
            Event::Restored { list, todo, expected, revision } => {
                tally.restored += 1;
                let previous = self.version((list, revision), todo);
                self.changed(todo, expected, revision, previous);
            }
            Event::Taken => tally.taken += 1,
            Event::Quota => tally.quota += 1,
            Event::Mismatch => tally.mismatch += 1,
            Event::Unsuitable => tally.unsuitable += 1,
            Event::Recurring => tally.recurring += 1,
            Event::Again => tally.again += 1,
            Event::Kept => tally.kept += 1,
            Event::Refused => tally.refused += 1,
            Event::Fault(fault) => self.report.faults.push(fault),
        }
    }

    /// That the acknowledged version is one of this todo; returns the one before.
    fn version(&mut self, version: Version, todo: Uuid) -> Option<i64> {
        self.acknowledged.insert(version);
        match self.versions.get(&version) {
            Some(entry) if entry.todo == todo => entry.previous,
            other => {
                self.report.faults.push(format!("{todo} was acknowledged at {version:?}, where {other:?} was made"));
                None
            }
        }
    }

    /// That a request id has made one todo.
    fn created(&mut self, request: Option<(Uuid, Uuid, Uuid)>, todo: Uuid) {
        match request.map(|request| self.requests.insert(request, todo)) {
            None | Some(None) => self.report.tally.done += 1,
            Some(Some(first)) if first == todo => self.report.tally.repeated += 1,
            Some(Some(first)) => self.report.faults.push(format!("{request:?} made {first} and {todo}")),
        }
    }

    /// That what was expected was the version right before, or is still the present one because there was nothing to do.
    fn changed(&mut self, todo: Uuid, expected: Option<i64>, revision: i64, previous: Option<i64>) {
        match expected {
            Some(expected) if expected != revision && previous != Some(expected) => {
                self.report
                    .faults
                    .push(format!("{todo} was changed at {expected} and was at {previous:?}: a lost update"));
            }
            Some(expected) if expected != revision => self.report.tally.conditional += 1,
            _ => self.report.tally.done += 1,
        }
    }

    /// The report, once everything was heard: no version of a todo was made that nobody was told of.
    pub(crate) fn conclude(mut self) -> Report {
        let untold = self
            .versions
            .iter()
            .filter(|(version, entry)| version.0 != entry.todo && !self.acknowledged.contains(version));
        let (implied, untold): (Vec<_>, Vec<_>) = untold.partition(|(_, entry)| entry.implied);
        self.report.tally.implied = implied.len();
        self.report.faults.extend(untold.into_iter().map(|version| format!("nobody was told of {version:?}")));
        self.report
    }
}
