//! What clients say about todos, as the functions of the schema take it: one array a column.

use sqlx::types::time::PrimitiveDateTime;
use uuid::Uuid;

use super::civil;
use crate::todo::{Due, Labels, Notes, Priority, Recurrence, Title, TodoKey, Zone};

/// Of each element what it writes; `None` also where there is nothing to write.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) titles: Vec<Option<String>>,
    pub(super) notes: Vec<Option<String>>,
    pub(super) priorities: Vec<Option<i16>>,
    pub(super) labels: Vec<Option<String>>,
    pub(super) dues: Vec<Option<PrimitiveDateTime>>,
    pub(super) due_zones: Vec<Option<String>>,
    pub(super) recurrences: Vec<Option<String>>,
    pub(super) parent_lists: Vec<Option<Uuid>>,
    pub(super) parents: Vec<Option<Uuid>>,
}

/// What one element writes.
#[derive(Default)]
pub(super) struct Values<'a> {
    pub(super) title: Option<&'a Title>,
    pub(super) notes: Option<&'a Notes>,
    pub(super) priority: Option<Priority>,
    pub(super) labels: Option<&'a Labels>,
    pub(super) due: Option<&'a Due>,
    pub(super) recurrence: Option<&'a Recurrence>,
    pub(super) parent: Option<TodoKey>,
}

impl Columns {
    pub(super) fn push(&mut self, values: &Values<'_>) {
        let Values { title, notes, priority, labels, due, recurrence, parent } = values;
        self.titles.push(title.map(|title| title.as_str().to_owned()));
        self.notes.push(notes.map(|notes| notes.as_str().to_owned()));
        self.priorities.push(priority.map(|priority| priority.get().into()));
        self.labels.push(labels.map(Labels::joined));
        self.dues.push(due.and_then(|due| civil::store(due.civil())));
        self.due_zones.push(due.and_then(Due::zone).map(|zone| Zone::name(zone).to_owned()));
        self.recurrences.push(recurrence.map(ToString::to_string));
        self.parent_lists.push(parent.map(|parent| parent.list.uuid()));
        self.parents.push(parent.map(|parent| parent.id));
    }
}
