//! An export: the todos of a list, a page at a time.

use service_kit::postgres::Database;
use uuid::Uuid;

use crate::list::ListId;
use crate::member;
use crate::store::todos;
use crate::todo::{Error, Recurrence, State, Todo};
use crate::vtodo::{self, Fields, Item};

/// Todos of one page: with the longest texts some six megabytes.
const PAGE: i64 = 100;
/// What the text begins with, before the todos.
pub const TEXT_BEGIN: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//todo.local//todo-service//EN\r\n";
/// What it ends with.
pub const TEXT_END: &str = "END:VCALENDAR\r\n";

/// A todo on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The todo.
    pub todo: Todo,
    /// What no field says of the VTODO that it was.
    pub rest: String,
    /// The same of its parent.
    pub parents_rest: String,
}

/// An export on its way.
pub struct Export {
    database: Database,
    user: Uuid,
    list: ListId,
    /// The last that was told.
    after: Option<(String, Uuid)>,
    ended: bool,
}

impl Export {
    /// An export of a list that the user may read. One's own inbox is empty before its first use.
    pub async fn begin(database: Database, user: Uuid, list: ListId) -> Result<Self, Error> {
        if list != ListId::inbox_of(user) {
            member::role(&database, user, list).await?.ok_or(Error::NotFound)?;
        }
        Ok(Self { database, user, list, after: None, ended: false })
    }

    /// The next todos that are not deleted, in the order of their positions; none when nothing is left. What is moved meanwhile
    /// may be told twice, or not at all.
    pub async fn next(&mut self) -> Result<Vec<Departure>, Error> {
        if self.ended {
            return Ok(Vec::new());
        }
        let page = todos::export(&self.database, self.user, self.list, self.after.clone(), PAGE).await?;
        self.after = page.last().map(|last| (last.todo.position.clone(), last.todo.key.id));
        self.ended = page.is_empty();
        Ok(page)
    }
}

impl Departure {
    /// Adds the todo to a text.
    pub fn write(&self, out: &mut String) {
        let item = Item { fields: self.fields(), rest: self.rest.clone() };
        item.write(self.todo.create_time, self.todo.update_time, out);
    }

    fn fields(&self) -> Fields {
        let Todo { key, title, notes, state, priority, labels, due, recurrence, parent, .. } = &self.todo;
        let done = self.todo.complete_time.map_or(vtodo::State::Done, vtodo::State::done_at);
        Fields {
            id: Some(key.id),
            title: title.clone(),
            notes: notes.clone(),
            priority: u8::try_from(*priority).unwrap_or_default(),
            labels: labels.clone(),
            due: due.clone(),
            recurrence: recurrence.as_deref().and_then(|rule| rule.parse::<Recurrence>().ok()),
            state: if *state == State::Completed { done } else { vtodo::State::Open },
            parent: parent.map(|parent| vtodo::Parent::of(parent, &self.parents_rest)),
        }
    }
}
