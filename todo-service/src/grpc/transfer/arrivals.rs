//! Todos that come as messages.

use proto::todo::v1 as wire;
use service_kit::field::{Fields, Invalid};
use service_kit::timestamp;

use super::super::content::content;
use super::super::names::TodoName;
use crate::todo::Content;
use crate::transfer::{Arrival, Place, Reason};
use crate::vtodo::{self, Item, Parent, State};

/// The nth todo that was sent, or why it is none.
pub(super) fn arrival(number: u64, sent: &wire::TransferredTodo) -> Result<Arrival, (Place, Reason)> {
    let place = Place::Number(number);
    let item = item(sent).map_err(|words| (place, Reason::Invalid(words)))?;
    Ok(Arrival { place, item })
}

fn item(sent: &wire::TransferredTodo) -> Result<Item, String> {
    let nothing = wire::Todo::default();
    let todo = sent.todo.as_ref().unwrap_or(&nothing);
    let mut fields = Fields::default();
    let content = content(&mut fields, "todo", todo);
    let name = fields.optional::<TodoName>("todo.name", &todo.name);
    let state = fields.take("todo.state", state(todo));
    let rest = Item::rest(&sent.icalendar).map_err(|fault| Invalid::new(format!("be properties: {fault}")));
    let rest = fields.take("icalendar", rest);
    let (content, name, state, rest) =
        fields.all((content, name, state, rest)).map_err(|status| status.message().to_owned())?;
    let Content { title, notes, priority, due, recurrence, parent, .. } = content;
    let fields = vtodo::Fields {
        id: name.map(|TodoName(key)| key.id),
        title: title.as_str().to_owned(),
        notes: notes.as_str().to_owned(),
        priority: priority.get(),
        labels: todo.labels.clone(),
        due,
        recurrence,
        state,
        parent: parent.map(|parent| Parent::of(parent.id, "")),
    };
    Ok(Item { fields, rest })
}

fn state(todo: &wire::Todo) -> Result<State, Invalid> {
    let is_completed = match wire::todo::State::try_from(todo.state) {
        Ok(wire::todo::State::Completed) => true,
        Ok(wire::todo::State::Open | wire::todo::State::Unspecified) => false,
        Err(_) => return Err(Invalid::new("be a state")),
    };
    let time = timestamp::parse(todo.complete_time.filter(|_| is_completed))?;
    Ok(match (is_completed, time) {
        (false, _) => State::Open,
        (true, None) => State::Done,
        (true, Some(time)) => State::DoneAt(time),
    })
}
