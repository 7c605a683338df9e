//! What MoveTodo asks for.

use proto::todo::v1 as wire;
use service_kit::field::{Fields, Invalid};
use tonic::Status;
use uuid::Uuid;

use super::names::{ListName, TodoName};
use super::{errors, names};
use crate::revision::Etag;
use crate::todo::{self, Move, Spot};

/// What a request of `user` asks for.
pub(super) fn parse(user: Uuid, request: &wire::MoveTodoRequest) -> Result<Move, Status> {
    let wire::MoveTodoRequest { name, destination, before, after, etag } = request;
    let mut fields = Fields::default();
    let key = fields.parse::<TodoName>("name", name);
    let destination = fields.optional::<ListName>("destination", destination);
    let before = fields.optional::<TodoName>("before", before);
    let after = fields.optional::<TodoName>("after", after);
    let expected = fields.optional::<Etag>("etag", etag);
    if let (Some(Some(_)), Some(Some(_))) = (before, after) {
        fields.refuse("after", Invalid::new("not be set together with before"));
    }
    let destination = destination.map(|list| list.map(|ListName(list)| list.of(user)));
    for (path, anchor) in [("before", before), ("after", after)] {
        if let (Some(Some(list)), Some(Some(TodoName(anchor)))) = (destination, anchor)
            && anchor.list != list
        {
            fields.refuse(path, Invalid::new("be in the destination"));
        }
    }
    let (TodoName(key), destination, before, after, expected) =
        fields.all((key, destination, before, after, expected))?;
    let (anchor, spot) = match (before, after) {
        (Some(TodoName(anchor)), _) => (Some(anchor.list), Spot::Before(anchor.id)),
        (None, Some(TodoName(anchor))) => (Some(anchor.list), Spot::After(anchor.id)),
        (None, None) => (None, Spot::End),
    };
    Ok(Move { user, key, expected, list: destination.or(anchor).unwrap_or(key.list), spot })
}

/// Why a move failed, told of the resource that it failed for.
pub(super) fn refused(error: &todo::Error, request: &wire::MoveTodoRequest) -> Status {
    let wire::MoveTodoRequest { name, destination, before, after, .. } = request;
    let anchor = if before.is_empty() { after } else { before };
    match error {
        todo::Error::NoDestination if !destination.is_empty() => errors::todo(error, names::LIST, destination),
        todo::Error::NoDestination | todo::Error::NoAnchor => errors::todo(error, names::TODO, anchor),
        _ => errors::todo(error, names::TODO, name),
    }
}
