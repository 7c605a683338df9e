//! From the domain to the wire.

use proto::todo::v1 as wire;
use service_kit::timestamp::timestamp;

use super::names;
use crate::list::List;
use crate::member::Role;
use crate::revision::Etag;
use crate::todo::{State, Todo};

pub(super) fn list(list: List) -> wire::List {
    wire::List {
        name: names::list(list.id),
        display_name: list.display_name,
        inbox: list.inbox,
        todo_count: list.live_count,
        create_time: Some(timestamp(list.create_time)),
        update_time: Some(timestamp(list.update_time)),
        etag: Etag::from(list.revision).to_string(),
        owner: names::user(list.owner),
        role: role(list.role).into(),
        member_count: list.member_count,
        delete_time: list.delete_time.map(timestamp),
        purge_time: list.purge_time.map(timestamp),
    }
}

pub(super) fn role(role: Role) -> wire::member::Role {
    match role {
        Role::Viewer => wire::member::Role::Viewer,
        Role::Editor => wire::member::Role::Editor,
        Role::Owner => wire::member::Role::Owner,
    }
}

pub(super) fn todo(todo: Todo) -> wire::Todo {
    let state = match todo.state {
        State::Open => wire::todo::State::Open,
        State::Completed => wire::todo::State::Completed,
    };
    wire::Todo {
        name: names::todo(todo.key),
        title: todo.title,
        notes: todo.notes,
        state: state.into(),
        creator: names::user(todo.creator),
        create_time: Some(timestamp(todo.create_time)),
        update_time: Some(timestamp(todo.update_time)),
        complete_time: todo.complete_time.map(timestamp),
        delete_time: todo.delete_time.map(timestamp),
        purge_time: todo.purge_time.map(timestamp),
        etag: Etag::from(todo.revision).to_string(),
    }
}
