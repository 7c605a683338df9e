//! Resource names (AIP-122): parsed once, printed in one place.

use std::str::FromStr;

use service_kit::field::{self, Invalid, name_uuid};
use uuid::Uuid;

use crate::list::{ListId, ListRef};
use crate::member::MemberKey;
use crate::todo::{Parent, TodoKey};

/// Type of a list in `google.rpc.ResourceInfo`.
pub(super) const LIST: &str = "todo.local/List";
/// Type of a todo in `google.rpc.ResourceInfo`.
pub(super) const TODO: &str = "todo.local/Todo";
/// Type of a member in `google.rpc.ResourceInfo`.
pub(super) const MEMBER: &str = "todo.local/Member";
/// Type of a user in `google.rpc.ResourceInfo`.
pub(super) const USER: &str = "todo.local/User";

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

/// `lists/{uuid}/members/{uuid}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MemberName(pub(super) MemberKey);

/// `users/{uuid}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UserName(pub(super) Uuid);

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
        let key = in_list(name, "/todos/").map(|(list, id)| TodoKey { list, id });
        key.map(Self).ok_or_else(|| Invalid::new("be lists/{uuid}/todos/{uuid}"))
    }
}

impl FromStr for MemberName {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let key = in_list(name, "/members/").map(|(list, user)| MemberKey { list, user });
        key.map(Self).ok_or_else(|| Invalid::new("be lists/{uuid}/members/{uuid}"))
    }
}

impl FromStr for UserName {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let id = name.strip_prefix("users/").and_then(name_uuid);
        id.map(Self).ok_or_else(|| Invalid::new("be users/{uuid}"))
    }
}

/// A list and the id of what is in it.
fn in_list(name: &str, collection: &str) -> Option<(ListId, Uuid)> {
    let (list, id) = name.strip_prefix("lists/")?.split_once(collection)?;
    Some((ListId::new(name_uuid(list)?), name_uuid(id)?))
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

/// `lists/{uuid}/members/{uuid}`.
pub(super) fn member(key: MemberKey) -> String {
    format!("lists/{}/members/{}", key.list.uuid(), key.user)
}

/// `users/{uuid}`.
pub(super) fn user(id: Uuid) -> String {
    format!("users/{id}")
}
