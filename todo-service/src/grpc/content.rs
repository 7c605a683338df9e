//! What a client says about a todo, parsed: all of it to make one, and what the mask names to change one.

use proto::todo::v1 as wire;
use proto::todo::v1::due::When;
use service_kit::field::{Fields, Invalid, Parsed};

use super::mask::TodoMask;
use super::names::TodoName;
use crate::fingerprint::Fingerprint;
use crate::todo::{
    Content, Day, Due, Edit, Labels, LocalTime, MAX_LABELS, Notes, Priority, Recurrence, Title, TodoKey, Zone,
    ZonedTime, label,
};
use uuid::Uuid;

/// All but the title.
type Rest = (Notes, Priority, Labels, Option<Due>, Option<Recurrence>, Option<TodoKey>);

/// A todo to make; `at` is the path of the message in the request.
pub(super) fn content(fields: &mut Fields, at: &str, todo: &wire::Todo) -> Option<Content> {
    let title = fields.parse::<Title>(format!("{at}.title"), &todo.title);
    let rest = rest(fields, at, todo);
    let (notes, priority, labels, due, recurrence, parent) = rest?;
    recurs_if_it_can(fields, at, recurrence.is_some(), due.is_some(), parent.is_some());
    Some(Content { title: title?, notes, priority, labels, due, recurrence, parent })
}

/// What an update writes. All of its fields are checked.
pub(super) fn edit(fields: &mut Fields, at: &str, todo: &wire::Todo, mask: TodoMask) -> Option<Edit> {
    let path = format!("{at}.title");
    // An empty title is none, unless it is to be written.
    let title = if mask.title {
        fields.parse(path, &todo.title).map(Some)
    } else {
        fields.optional::<Title>(path, &todo.title).map(|_| None)
    };
    let rest = rest(fields, at, todo)?;
    let (_, _, _, due, recurrence, parent) = &rest;
    // What is not written is as it was stored, and the store knows.
    let has_due = !mask.due || due.is_some();
    recurs_if_it_can(fields, at, mask.recurrence && recurrence.is_some(), has_due, mask.parent && parent.is_some());
    Some(written(title?, rest, mask))
}

/// What an update writes of a todo that could also be made.
pub(super) fn masked(content: &Content, mask: TodoMask) -> Edit {
    let Content { title, notes, priority, labels, due, recurrence, parent } = content.clone();
    written(mask.title.then_some(title), (notes, priority, labels, due, recurrence, parent), mask)
}

fn written(title: Option<Title>, rest: Rest, mask: TodoMask) -> Edit {
    let (notes, priority, labels, due, recurrence, parent) = rest;
    Edit {
        title,
        notes: mask.notes.then_some(notes),
        priority: mask.priority.then_some(priority),
        labels: mask.labels.then_some(labels),
        due: mask.due.then_some(due),
        recurrence: mask.recurrence.then_some(recurrence),
        parent: mask.parent.then_some(parent),
    }
}

/// What a request that makes this says: with the id that the client chose, if it did.
pub(super) fn fingerprint(creator: Uuid, chosen: Option<Uuid>, content: &Content) -> Fingerprint {
    let Content { title, notes, priority, labels, due, recurrence, parent } = content;
    let text = |value: Option<String>| value.unwrap_or_default();
    Fingerprint::new(
        creator,
        &[
            (0, chosen.as_ref().map_or(&[], |id| id.as_bytes().as_slice())),
            (2, title.as_str().as_bytes()),
            (3, notes.as_str().as_bytes()),
            (12, Some(priority.get()).filter(|number| *number > 0).as_slice()),
            (13, labels.joined().as_bytes()),
            (14, text(due.as_ref().map(Due::to_string)).as_bytes()),
            (15, text(recurrence.as_ref().map(Recurrence::to_string)).as_bytes()),
            (16, parent.as_ref().map_or(&[], |parent| parent.id.as_bytes().as_slice())),
        ],
    )
}

fn rest(fields: &mut Fields, at: &str, todo: &wire::Todo) -> Option<Rest> {
    let notes = fields.parse::<Notes>(format!("{at}.notes"), &todo.notes);
    let priority = fields.take(format!("{at}.priority"), Priority::try_from(todo.priority));
    let labels = labels(fields, &format!("{at}.labels"), &todo.labels);
    let due = match &todo.due {
        None => Some(None),
        Some(sent) => due(fields, &format!("{at}.due"), sent).map(Some),
    };
    let recurrence = fields.optional::<Recurrence>(format!("{at}.recurrence"), &todo.recurrence);
    let parent = fields.optional::<TodoName>(format!("{at}.parent_todo"), &todo.parent_todo);
    let parent = parent.map(|name| name.map(|TodoName(key)| key));
    (notes, priority, labels, due, recurrence, parent).values()
}

/// Each label by its index, and then all of them.
fn labels(fields: &mut Fields, path: &str, sent: &[String]) -> Option<Labels> {
    // What is wrong with a list that is too long is its length.
    let each = sent.iter().enumerate().filter(|_| sent.len() <= MAX_LABELS);
    let refused = each.filter_map(|(index, text)| fields.take(format!("{path}[{index}]"), label(text)).xor(Some(())));
    if refused.count() > 0 {
        return None;
    }
    fields.take(path, Labels::try_from(sent.to_vec()))
}

fn due(fields: &mut Fields, path: &str, due: &wire::Due) -> Option<Due> {
    match &due.when {
        Some(When::Date(day)) => fields.parse::<Day>(format!("{path}.date"), day).map(Due::Date),
        Some(When::DateTime(time)) => {
            let local = fields.parse::<LocalTime>(format!("{path}.date_time.local_time"), &time.local_time);
            let zone = fields.parse::<Zone>(format!("{path}.date_time.time_zone"), &time.time_zone);
            let time = ZonedTime { local: local?, zone: zone? };
            if time.instant().is_none() {
                fields.refuse(path, Invalid::new("be a time that there is"));
            }
            Some(Due::Time(time))
        }
        None => {
            fields.refuse(path, Invalid::new("have a date or a date_time"));
            None
        }
    }
}

fn recurs_if_it_can(fields: &mut Fields, at: &str, recurs: bool, has_due: bool, has_parent: bool) {
    if recurs && (!has_due || has_parent) {
        fields.refuse(format!("{at}.recurrence"), Invalid::new("come with a due and without a parent_todo"));
    }
}
