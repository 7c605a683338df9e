//! The one place where a domain error becomes a `Status`.

use std::time::Duration;

use proto::todo::v1::ErrorReason;
use service_kit::status::{Reason, Refusal, database, not_found, of_element};
use tonic::{Code, Status};
use uuid::Uuid;

use super::{messages, names};
use crate::list;
use crate::member::{self, Role};
use crate::todo;
use crate::watch;

/// A list was asked for, or was to be made: `name` as it was sent, `id` as it was chosen.
pub(super) fn list(error: &list::Error, name: &str, id: Uuid) -> Status {
    match error {
        list::Error::NotFound => not_found(names::LIST, name),
        list::Error::RoleInsufficient(least) => role_insufficient(*least, names::LIST, name),
        list::Error::Taken => taken(id),
        list::Error::Quota(limit) => quota(*limit, "lists of the user"),
        list::Error::EtagMismatch => etag_mismatch(names::LIST, name),
        list::Error::InboxFixed => inbox_fixed(names::LIST, name),
        list::Error::NotDeleted => not_deleted(names::LIST, name),
        list::Error::Store(error) => database(error),
    }
}

/// A member was to be changed, by its name; or one was to be made, or many were asked for, in a list, by the list's name.
/// `kind` says which the name is of.
pub(super) fn member(error: &member::Error, kind: &str, name: &str) -> Status {
    match error {
        member::Error::NotFound => not_found(kind, name),
        member::Error::RoleInsufficient(least) => role_insufficient(*least, kind, name),
        member::Error::UserGone(user) => not_found(names::USER, &names::user(*user)),
        member::Error::Exists(key, role) => member_exists(&names::member(*key), *role),
        member::Error::Members(limit) => quota(*limit, "members of the list"),
        member::Error::Lists(limit) => quota(*limit, "lists of the user to share with"),
        member::Error::EtagMismatch => etag_mismatch(kind, name),
        member::Error::OwnerMustStay => owner_must_stay(kind, name),
        member::Error::InboxFixed => inbox_fixed(kind, name),
        member::Error::Store(error) => database(error),
    }
}

/// A todo was asked for or to be changed, by its name; or one was to be made, or many were asked for, in a list, by the
/// list's name. `kind` says which the name is of.
pub(super) fn todo(error: &todo::Error, kind: &str, name: &str) -> Status {
    match error {
        todo::Error::NotFound | todo::Error::NoDestination | todo::Error::NoAnchor => not_found(kind, name),
        todo::Error::NotDeleted => not_deleted(kind, name),
        todo::Error::RoleInsufficient(least) => role_insufficient(*least, kind, name),
        todo::Error::Taken(id) => taken(*id),
        todo::Error::Quota(limit) => quota(*limit, "todos of the list"),
        todo::Error::EtagMismatch => etag_mismatch(kind, name),
        todo::Error::Parent(parent) => unsuitable_parent(&names::todo(*parent)),
        todo::Error::Recurrence => unsuitable_recurrence(kind, name),
        todo::Error::Store(error) => database(error),
    }
}

/// A watch ended, or did not begin: of the list of this name, or of all.
pub(super) fn watch(error: &watch::Error, name: &str) -> Status {
    match error {
        watch::Error::NotFound => not_found(names::LIST, name),
        watch::Error::AccessEnded => {
            Refusal::new(Code::PermissionDenied, ErrorReason::AccessEnded, format!("{name} cannot be read any more"))
                .with("resource", name)
                .resource(names::LIST, name)
                .into()
        }
        watch::Error::Quota(limit) => quota(*limit, "watches of the user"),
        watch::Error::Store(error) => database(error),
    }
}

/// The service stops, and a stream with it.
pub(super) fn stopping() -> Status {
    Refusal::new(Code::Unavailable, Reason::Stopping, "the service stops; go on at another replica")
        .retry_after(Duration::from_secs(1))
        .into()
}

/// The client of an import has said nothing for so long.
pub(super) fn import_silent(patience: Duration) -> Status {
    let waited = patience.as_millis().to_string();
    let message = format!("no message of the import came within {waited} ms; what was told is kept, so repeat it");
    Refusal::new(Code::DeadlineExceeded, ErrorReason::ImportSilent, message).with("milliseconds", waited).into()
}

/// A sync token is not one of ours, or is altered, or was given out for something else.
pub(super) fn sync_token_invalid() -> Status {
    let message = "the sync token is not valid for this call; start again without one";
    Refusal::new(Code::InvalidArgument, ErrorReason::SyncTokenInvalid, message)
        .violations([("sync_token".to_owned(), "must be one that was given out for the same parent".to_owned())])
        .into()
}

/// A member's role is not enough; who is no member is told that there is nothing.
fn role_insufficient(least: Role, kind: &str, name: &str) -> Status {
    let role = role_name(least);
    let message = format!("{name}: the caller's role in the list does not suffice, it takes {role}");
    about(Code::PermissionDenied, ErrorReason::RoleInsufficient, message, kind, name).with("role", role).into()
}

fn etag_mismatch(kind: &str, name: &str) -> Status {
    let message = format!("{name} has changed since it was read; read it again");
    about(Code::Aborted, Reason::EtagMismatch, message, kind, name).into()
}

fn member_exists(name: &str, role: Role) -> Status {
    let role = role_name(role);
    let message = format!("{name} is there with the role {role}; UpdateMember changes it");
    about(Code::AlreadyExists, ErrorReason::MemberExists, message, names::MEMBER, name).with("role", role).into()
}

/// A role as metadata says it: without the prefix.
fn role_name(role: Role) -> &'static str {
    let name = messages::role(role).as_str_name();
    name.strip_prefix("ROLE_").unwrap_or(name)
}

fn owner_must_stay(kind: &str, name: &str) -> Status {
    let message = format!("{name}: a list keeps its owner; hand it over first, by UpdateMember");
    about(Code::FailedPrecondition, ErrorReason::OwnerMustStay, message, kind, name)
        .precondition("OWNER_MUST_STAY", name, "a list has an owner")
        .into()
}

fn inbox_fixed(kind: &str, name: &str) -> Status {
    let message = format!("{name}: an inbox cannot be deleted, shared, left or handed over");
    about(Code::FailedPrecondition, ErrorReason::InboxFixed, message, kind, name)
        .precondition("INBOX_FIXED", name, "an inbox stays with its user alone")
        .into()
}

fn not_deleted(kind: &str, name: &str) -> Status {
    about(Code::AlreadyExists, ErrorReason::NotDeleted, format!("{name} is not deleted"), kind, name).into()
}

/// A refusal that names the resource that it is about.
fn about(code: Code, reason: impl proto::Reason, message: String, kind: &str, name: &str) -> Refusal {
    Refusal::new(code, reason, message).with("resource", name).resource(kind, name)
}

/// A batch was refused. Names, of the kind, are those of its elements.
pub(super) fn batch(failure: &todo::Failure, kind: &str, names: &[String]) -> Status {
    match failure {
        todo::Failure::Element(index, error) => {
            let name = names.get(*index).map_or("", String::as_str);
            of_element(&todo(error, kind, name), *index)
        }
        todo::Failure::Taken(id) => taken(*id),
        todo::Failure::Store(error) => database(error),
    }
}

fn unsuitable_parent(parent: &str) -> Status {
    let message = format!("{parent} cannot be the parent of this todo");
    let description = "a parent is in the same list and not deleted; neither has it a parent, nor its child children";
    Refusal::new(Code::FailedPrecondition, ErrorReason::ParentUnsuitable, message)
        .with("parent", parent)
        .precondition("PARENT", parent, description)
        .into()
}

fn unsuitable_recurrence(kind: &str, name: &str) -> Status {
    let message = format!("{name} cannot recur: it has no due, or it is a part of another todo");
    about(Code::FailedPrecondition, ErrorReason::RecurrenceUnsuitable, message, kind, name)
        .precondition("RECURRENCE", name, "what recurs has a due and no parent")
        .into()
}

fn taken(id: Uuid) -> Status {
    let message = format!("the id {id} was used before with other content");
    Refusal::new(Code::AlreadyExists, ErrorReason::IdTaken, message).with("id", id).into()
}

fn quota(limit: u32, subject: &str) -> Status {
    let message = format!("the limit of {limit} {subject} is reached");
    Refusal::new(Code::ResourceExhausted, ErrorReason::QuotaExceeded, message)
        .with("limit", limit.to_string())
        .quota(subject, &format!("at most {limit}"))
        .into()
}
