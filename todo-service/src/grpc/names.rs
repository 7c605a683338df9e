//! Resource names (AIP-122): parsed once, printed in one place.

use std::str::FromStr;

use service_kit::field::{self, Invalid, name_uuid};
use uuid::Uuid;

use crate::list::{ListId, ListRef};
use crate::todo::{Parent, TodoKey};

/// Type of a list in `google.rpc.ResourceInfo`.
pub(super) const LIST: &str = "todo.local/List";
/// Type of a todo in `google.rpc.ResourceInfo`.
pub(super) const TODO: &str = "todo.local/Todo";

/// The lists that the caller can read, as a parent.
pub(super) const ALL_LISTS: &str = "lists/-";

/// `lists/{uuid}` or `lists/inbox`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListName(pub(super) ListRef);

/// `lists/{uuid}`, `lists/inbox`, or `lists/-` for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TodosParent(Option<ListRef>);

/// `lists/{uuid}/todos/{uuid}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TodoName(pub(super) TodoKey);

/// A UUID of the client's choice, in either case: the last segment of a name to come, or a request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChosenId(pub(super) Uuid);

impl TodosParent {
    pub(super) fn of(self, caller: Uuid) -> Parent {
        self.0.map_or(Parent::All, |list| Parent::One(list.of(caller)))
    }
}

impl FromStr for ListName {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let list = match name.strip_prefix("lists/") {
            Some("inbox") => Some(ListRef::Inbox),
            Some(segment) => name_uuid(segment).map(|id| ListRef::Id(ListId::new(id))),
            None => None,
        };
        list.map(Self).ok_or_else(|| Invalid::new("be lists/{uuid} or lists/inbox"))
    }
}

impl FromStr for TodosParent {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        if name == ALL_LISTS {
            return Ok(Self(None));
        }
        let ListName(list) = name.parse().map_err(|_| Invalid::new("be lists/{uuid}, lists/inbox or lists/-"))?;
        Ok(Self(Some(list)))
    }
}

impl FromStr for TodoName {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let segments = name.strip_prefix("lists/").and_then(|rest| rest.split_once("/todos/"));
        let key =
            segments.and_then(|(list, id)| Some(TodoKey { list: ListId::new(name_uuid(list)?), id: name_uuid(id)? }));
        key.map(Self).ok_or_else(|| Invalid::new("be lists/{uuid}/todos/{uuid}"))
    }
}

impl FromStr for ChosenId {
    type Err = Invalid;

    fn from_str(id: &str) -> Result<Self, Invalid> {
        field::uuid(id).map(Self)
    }
}

/// `lists/{uuid}`.
pub(super) fn list(id: ListId) -> String {
    format!("lists/{}", id.uuid())
}

/// `lists/{uuid}/todos/{uuid}`.
pub(super) fn todo(key: TodoKey) -> String {
    format!("lists/{}/todos/{}", key.list.uuid(), key.id)
}

/// `users/{uuid}`.
pub(super) fn user(id: Uuid) -> String {
    format!("users/{id}")
}
