//! Parts of todos that have not come yet: a text may name a parent before it.

use std::collections::HashSet;

use uuid::Uuid;

use super::arrival::Arrival;

/// Most bytes of todos that wait for their parents. When there are more, they are made as they are.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Most todos whose ids are remembered: twice what a list may hold. Beyond that, the database is asked.
const MAX_SEEN: usize = 20_000;

/// Who waits, and for whom nobody needs to.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    arrivals: Vec<Arrival>,
    bytes: usize,
    /// Todos that are there.
    seen: HashSet<Uuid>,
}

impl Waiting {
    /// Lets a todo through, unless it must wait for its parent.
    pub(super) fn pass(&mut self, arrival: Arrival) -> Option<Arrival> {
        if arrival.item.fields.parent.as_ref().is_none_or(|parent| self.seen.contains(&parent.id)) {
            return Some(arrival);
        }
        self.bytes += arrival.bytes();
        self.arrivals.push(arrival);
        None
    }

    /// A todo is there: it is waited for no more.
    pub(super) fn see(&mut self, id: Uuid) {
        if self.seen.len() < MAX_SEEN {
            self.seen.insert(id);
        }
    }

    /// Those whose parents are there now; all, if they are too many, or `all` are asked for.
    pub(super) fn ready(&mut self, all: bool) -> Vec<Arrival> {
        let all = all || self.bytes > MAX_BYTES;
        let is_ready = |arrival: &mut Arrival| {
            let parent = arrival.item.fields.parent.as_ref();
            all || parent.is_some_and(|parent| self.seen.contains(&parent.id))
        };
        let ready: Vec<_> = self.arrivals.extract_if(.., is_ready).collect();
        self.bytes -= ready.iter().map(Arrival::bytes).sum::<usize>();
        ready
    }
}
