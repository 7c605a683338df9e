//! A todo that comes from elsewhere.

use service_kit::field::Invalid;
use time::OffsetDateTime;

use crate::list::ListId;
use crate::todo::{Content, Labels, Priority, TodoKey};
use crate::vtodo::{Fields, Item, State};

/// Where it stands in what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On this line of the text, from 1.
    Line(u64),
    /// So many todos sent as messages, this one among them.
    Number(u64),
}

/// A todo to make, in a list that is known.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Where it stands.
    pub place: Place,
    /// What it says.
    pub item: Item,
}

impl Arrival {
    /// What it takes in memory, in bytes, about.
    pub(super) fn bytes(&self) -> usize {
        let Fields { title, notes, labels, .. } = &self.item.fields;
        let labels: usize = labels.iter().map(String::len).sum();
        size_of::<Self>() + title.len() + notes.len() + labels + self.item.rest.len()
    }

    /// What the todo says, in that list.
    pub(super) fn content(&self, list: ListId) -> Result<Content, Invalid> {
        let Fields { title, notes, priority, labels, due, recurrence, parent, .. } = &self.item.fields;
        Ok(Content {
            title: title.parse()?,
            notes: notes.parse()?,
            priority: Priority::try_from(i32::from(*priority))?,
            labels: Labels::try_from(labels.clone())?,
            due: due.clone(),
            recurrence: recurrence.clone(),
            parent: parent.as_ref().map(|parent| TodoKey { list, id: parent.id }),
        })
    }

    /// When it was completed, if it is; at `now`, if nobody said when.
    pub(super) fn complete_time(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        match self.item.fields.state {
            State::Open => None,
            State::Done => Some(now),
            State::DoneAt(time) => Some(time),
        }
    }
}
