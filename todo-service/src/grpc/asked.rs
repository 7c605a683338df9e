//! What a request asks for, alone or as an element of a batch: `at` is where it stands, `""` or `"requests[3]."`.

use proto::todo::v1 as wire;
use service_kit::field::{Fields, Invalid, Parsed};
use uuid::Uuid;

use super::mask::TodoMask;
use super::names::{ChosenId, TodoName};
use super::{Parts, content};
use crate::list::ListId;
use crate::revision::Etag;
use crate::todo::{Action, Change, Content, NewTodo, TodoKey};

/// The todo that is to be made in a list.
pub(super) fn creation(
    parts: &Parts,
    fields: &mut Fields,
    at: &str,
    creator: Uuid,
    request: &wire::CreateTodoRequest,
    list: Option<ListId>,
) -> Option<NewTodo> {
    let chosen = fields.optional::<ChosenId>(format!("{at}todo_id"), &request.todo_id);
    let intent = fields.optional::<ChosenId>(format!("{at}request_id"), &request.request_id);
    let content = sent(fields, at, request.todo.as_ref()).and_then(|todo| {
        fields.optional::<TodoName>(format!("{at}todo.name"), &todo.name);
        fields.optional::<Etag>(format!("{at}todo.etag"), &todo.etag);
        content::content(fields, &format!("{at}todo"), todo)
    });
    let (list, chosen, intent, content) = (list, chosen, intent, content).values()?;
    let (chosen, request) = (chosen.map(|ChosenId(id)| id), intent.map(|ChosenId(id)| id));
    let id = chosen.unwrap_or_else(|| parts.entropy.id(parts.clock.now()));
    Some(new(creator, TodoKey { list, id }, chosen, request, content))
}

/// The change that an update asks for, and the todo to make where there is none, if it may be made. All of its fields are
/// checked; those that the mask names are written.
pub(super) fn update(
    fields: &mut Fields,
    at: &str,
    user: Uuid,
    request: &wire::UpdateTodoRequest,
) -> Option<(Change, Option<NewTodo>)> {
    let (sent, nothing) = (sent(fields, at, request.todo.as_ref()), wire::Todo::default());
    let mask = TodoMask::of(request.update_mask.as_ref(), sent.unwrap_or(&nothing));
    // What a refused mask meant to write is not known, and not asked for.
    let mask = fields.take(format!("{at}update_mask"), mask).unwrap_or_default();
    let (todo, path) = (sent?, format!("{at}todo"));
    let key = fields.parse::<TodoName>(format!("{path}.name"), &todo.name);
    let etag = fields.optional::<Etag>(format!("{path}.etag"), &todo.etag);
    // An etag asks for a version, so something is there.
    let (edit, content) = if request.allow_missing && todo.etag.is_empty() {
        let all = content::content(fields, &path, todo);
        (all.as_ref().map(|all| content::masked(all, mask)), all)
    } else {
        (content::edit(fields, &path, todo, mask), None)
    };
    let (TodoName(key), expected, edit) = (key, etag, edit).values()?;
    let new = content.map(|content| new(user, key, Some(key.id), None, content));
    Some((Change { user, key, expected, action: Action::Edit(edit) }, new))
}

/// A change that needs a name and an etag only.
pub(super) fn change(
    fields: &mut Fields,
    at: &str,
    user: Uuid,
    (name, etag): (&str, &str),
    action: Action,
) -> Option<Change> {
    let key = fields.parse::<TodoName>(format!("{at}name"), name);
    let expected = fields.optional::<Etag>(format!("{at}etag"), etag);
    let (TodoName(key), expected) = (key, expected).values()?;
    Some(Change { user, key, expected, action })
}

fn new(creator: Uuid, key: TodoKey, chosen: Option<Uuid>, request: Option<Uuid>, content: Content) -> NewTodo {
    let fingerprint = content::fingerprint(creator, chosen, &content);
    NewTodo { creator, key, request, fingerprint, content, complete_time: None, icalendar: None }
}

/// The todo of a request that must have one.
fn sent<'a>(fields: &mut Fields, at: &str, todo: Option<&'a wire::Todo>) -> Option<&'a wire::Todo> {
    if todo.is_none() {
        fields.refuse(format!("{at}todo"), Invalid::new("be set"));
    }
    todo
}
