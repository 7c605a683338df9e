//! The batches of `todo.v1.TodoService`: what is wrong with an element is told with its place.

use std::collections::HashSet;

use prost::Message;
use proto::todo::v1 as wire;
use service_kit::field::{Fields, Invalid};
use tonic::Status;
use uuid::Uuid;

use super::names::{ChosenId, ListName, TodoName, TodosParent};
use super::{Parts, asked, errors, names};
use crate::fingerprint::Fingerprint;
use crate::list::ListId;
use crate::todo::{self, Action, Change, Intent, MAX_BATCH, NewTodo, Parent, Todo, TodoKey};

/// Makes them all, or none.
pub(super) async fn create(
    parts: &Parts,
    user: Uuid,
    request: wire::BatchCreateTodosRequest,
) -> Result<Vec<Todo>, Status> {
    let mut fields = Fields::default();
    let parent = parent(&mut fields, user, &request.parent);
    let intent = intent(&mut fields, user, "BatchCreateTodos", &request.request_id, &request);
    let (mut ids, mut requests) = (Seen::default(), Seen::default());
    let todos = each(&mut fields, &request.requests, |fields, at, element| {
        let list = list_of(fields, at, user, parent, &element.parent);
        let todo = asked::creation(parts, fields, at, user, element, list)?;
        ids.once(fields, format!("{at}todo_id"), todo.key);
        if let Some(request) = todo.request {
            requests.once(fields, format!("{at}request_id"), (todo.key.list, request));
        }
        Some(todo)
    });
    let (_, intent, todos) = fields.all((parent, intent, todos))?;
    let lists: Vec<_> = todos.iter().map(|todo: &NewTodo| names::list(todo.key.list)).collect();
    let made = todo::create_all(&parts.database, &parts.limits, user, intent, todos).await;
    made.map_err(|failure| errors::batch(&failure, names::LIST, &lists))
}

/// All of them, or an error for one that cannot be seen.
pub(super) async fn get(parts: &Parts, user: Uuid, request: wire::BatchGetTodosRequest) -> Result<Vec<Todo>, Status> {
    let mut fields = Fields::default();
    let parent = parent(&mut fields, user, &request.parent);
    let mut seen = Seen::default();
    count(&mut fields, "names", request.names.len());
    let parsed: Vec<_> = request
        .names
        .iter()
        .take(MAX_BATCH)
        .enumerate()
        .map(|(index, name)| {
            let path = format!("names[{index}]");
            let TodoName(key) = fields.parse::<TodoName>(path.as_str(), name)?;
            inside(&mut fields, &path, parent, key);
            seen.once(&mut fields, path, key);
            Some(key)
        })
        .collect();
    let (_, keys) = fields.all((parent, parsed.into_iter().collect::<Option<Vec<_>>>()))?;
    let found = todo::get_all(&parts.database, user, &keys).await;
    found.map_err(|failure| errors::batch(&failure, names::TODO, &request.names))
}

/// Changes them all, or none.
pub(super) async fn update(
    parts: &Parts,
    user: Uuid,
    request: wire::BatchUpdateTodosRequest,
) -> Result<Vec<Todo>, Status> {
    let mut fields = Fields::default();
    let parent = parent(&mut fields, user, &request.parent);
    let intent = intent(&mut fields, user, "BatchUpdateTodos", &request.request_id, &request);
    let mut seen = Seen::default();
    let changes = each(&mut fields, &request.requests, |fields, at, element| {
        if element.allow_missing {
            fields.refuse(format!("{at}allow_missing"), Invalid::new("not be set in a batch"));
        }
        let (change, _) = asked::update(fields, at, user, element)?;
        let path = format!("{at}todo.name");
        inside(fields, &path, parent, change.key);
        seen.once(fields, path, change.key);
        Some(change)
    });
    let (_, intent, changes) = fields.all((parent, intent, changes))?;
    write(parts, user, intent, changes).await
}

/// Deletes them all, or none.
pub(super) async fn delete(
    parts: &Parts,
    user: Uuid,
    request: wire::BatchDeleteTodosRequest,
) -> Result<Vec<Todo>, Status> {
    let mut fields = Fields::default();
    let parent = parent(&mut fields, user, &request.parent);
    let intent = intent(&mut fields, user, "BatchDeleteTodos", &request.request_id, &request);
    let mut seen = Seen::default();
    let changes = each(&mut fields, &request.requests, |fields, at, element| {
        let change = asked::change(fields, at, user, (&element.name, &element.etag), Action::Delete)?;
        let path = format!("{at}name");
        inside(fields, &path, parent, change.key);
        seen.once(fields, path, change.key);
        Some(change)
    });
    let (_, intent, changes) = fields.all((parent, intent, changes))?;
    write(parts, user, intent, changes).await
}

async fn write(parts: &Parts, user: Uuid, intent: Option<Intent>, changes: Vec<Change>) -> Result<Vec<Todo>, Status> {
    let todos: Vec<_> = changes.iter().map(|change| names::todo(change.key)).collect();
    let changed = todo::change_all(&parts.database, &parts.limits, user, intent, changes).await;
    changed.map_err(|failure| errors::batch(&failure, names::TODO, &todos))
}

/// What no two elements may have.
struct Seen<K>(HashSet<K>);

impl<K> Default for Seen<K> {
    fn default() -> Self {
        Self(HashSet::new())
    }
}

impl<K: Eq + std::hash::Hash> Seen<K> {
    fn once(&mut self, fields: &mut Fields, path: String, key: K) {
        if !self.0.insert(key) {
            fields.refuse(path, Invalid::new("be another than those of the elements before"));
        }
    }
}

fn parent(fields: &mut Fields, user: Uuid, name: &str) -> Option<Parent> {
    fields.parse::<TodosParent>("parent", name).map(|parent| parent.of(user))
}

/// What the batch is meant as, if it is to be written once.
#[expect(clippy::option_option, reason = "whether it was parsed, and whether there is one")]
fn intent(
    fields: &mut Fields,
    user: Uuid,
    rpc: &str,
    request_id: &str,
    request: &impl Message,
) -> Option<Option<Intent>> {
    let chosen = fields.optional::<ChosenId>("request_id", request_id)?;
    Some(chosen.map(|ChosenId(id)| {
        // Encoding is canonical here: no maps, and unknown fields are not kept.
        let fingerprint = Fingerprint::new(user, &[(0, rpc.as_bytes()), (1, &request.encode_to_vec())]);
        Intent { user, request: id, fingerprint }
    }))
}

/// Parses each element, with the path that it stands at.
fn each<R, T>(
    fields: &mut Fields,
    requests: &[R],
    mut parse: impl FnMut(&mut Fields, &str, &R) -> Option<T>,
) -> Option<Vec<T>> {
    count(fields, "requests", requests.len());
    let elements = requests.iter().take(MAX_BATCH).enumerate();
    let parsed: Vec<_> =
        elements.map(|(index, request)| parse(fields, &format!("requests[{index}]."), request)).collect();
    parsed.into_iter().collect()
}

fn count(fields: &mut Fields, path: &str, count: usize) {
    if !(1..=MAX_BATCH).contains(&count) {
        fields.refuse(path, Invalid::new(format!("have 1 to {MAX_BATCH} elements")));
    }
}

/// The list of a todo to make.
fn list_of(fields: &mut Fields, at: &str, user: Uuid, batch: Option<Parent>, own: &str) -> Option<ListId> {
    let path = format!("{at}parent");
    let ListName(list) = fields.parse(path.as_str(), own)?;
    let list = list.of(user);
    if matches!(batch, Some(Parent::One(all)) if all != list) {
        fields.refuse(path, Invalid::new("be the parent of the batch"));
    }
    Some(list)
}

/// That a todo is in the parent of its batch.
fn inside(fields: &mut Fields, path: &str, batch: Option<Parent>, key: TodoKey) {
    if matches!(batch, Some(Parent::One(list)) if list != key.list) {
        fields.refuse(path, Invalid::new("be in the parent of the batch"));
    }
}
