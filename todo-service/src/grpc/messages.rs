//! From the domain to the wire.

use prost_types::Timestamp;
use proto::todo::v1 as wire;
use service_kit::timestamp::timestamp;
use uuid::Uuid;

use super::names;
use crate::list::List;
use crate::member::{Member, Role};
use crate::revision::Etag;
use crate::todo::{Due, State, Todo, TodoKey};

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

pub(super) fn member(member: Member) -> wire::Member {
    wire::Member {
        name: names::member(member.key),
        user: names::user(member.key.user),
        role: role(member.role).into(),
        create_time: Some(timestamp(member.create_time)),
        etag: Etag::from(member.revision).to_string(),
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
    let list = todo.key.list;
    let in_list = |id: Option<Uuid>| id.map(|id| names::todo(TodoKey { list, id })).unwrap_or_default();
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
        priority: todo.priority.into(),
        labels: todo.labels,
        due: todo.due.map(due),
        recurrence: todo.recurrence.unwrap_or_default(),
        parent_todo: in_list(todo.parent),
        position: todo.position,
        next_occurrence: in_list(todo.next),
    }
}

fn due(due: Due) -> wire::Due {
    let when = match due {
        Due::Date(day) => wire::due::When::Date(day.to_string()),
        Due::Time(time) => wire::due::When::DateTime(wire::ZonedTime {
            instant: time.instant().map(|at| Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }),
            local_time: time.local.to_string(),
            time_zone: time.zone.name().to_owned(),
        }),
    };
    wire::Due { when: Some(when) }
}
