//! What users do, one call at a time.

use proptest::prelude::*;
use proto::todo::v1::member::Role;

/// Users who take part, by number.
pub(crate) const USERS: usize = 3;

/// One call. What it names is taken from what there is, by number, so that a shorter history still means something.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Who calls: one of the users, or whoever owns the list.
    pub(crate) by: Option<usize>,
    pub(crate) list: Which,
    pub(crate) call: Call,
}

/// Which list a step is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    /// Somebody's inbox, which can do little.
    Inbox(usize),
    /// One of all other lists that were ever made.
    List(usize),
}

#[derive(Clone, Debug)]
pub(crate) enum Call {
    NewList,
    Rename(u8, Etag),
    DeleteList(Etag),
    UndeleteList(Etag),
    Share(usize, Role),
    Give(usize, Role, Etag),
    Remove(usize, Etag),
    Leave,
    NewTodo(u8),
    /// Which todo of the list, of all that were ever made in it.
    Todo(usize, Act, Etag),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Retitle(u8),
    Complete,
    Reopen,
    Delete,
}

/// Which version a call is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Etag {
    Any,
    Present,
    Stale,
}

/// Any step.
pub(crate) fn step() -> impl Strategy<Value = Step> {
    let by = prop_oneof![Just(None), (0..USERS).prop_map(Some)];
    let list = prop_oneof![1 => (0..USERS).prop_map(Which::Inbox), 9 => (0..2_usize).prop_map(Which::List)];
    (by, list, call()).prop_map(|(by, list, call)| Step { by, list, call })
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        1 => Just(Call::NewList),
        1 => (0..3_u8, etag()).prop_map(|(name, etag)| Call::Rename(name, etag)),
        2 => etag().prop_map(Call::DeleteList),
        3 => etag().prop_map(Call::UndeleteList),
        6 => (0..USERS, shared()).prop_map(|(user, role)| Call::Share(user, role)),
        3 => (0..USERS, any_role(), etag()).prop_map(|(user, role, etag)| Call::Give(user, role, etag)),
        2 => (0..USERS, etag()).prop_map(|(user, etag)| Call::Remove(user, etag)),
        1 => Just(Call::Leave),
        4 => (0..3_u8).prop_map(Call::NewTodo),
        8 => (0..4_usize, act(), etag()).prop_map(|(todo, act, etag)| Call::Todo(todo, act, etag)),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![(0..3_u8).prop_map(Act::Retitle), Just(Act::Complete), Just(Act::Reopen), Just(Act::Delete)]
}

fn etag() -> impl Strategy<Value = Etag> {
    prop_oneof![3 => Just(Etag::Any), 3 => Just(Etag::Present), 1 => Just(Etag::Stale)]
}

fn shared() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Viewer), Just(Role::Editor)]
}

fn any_role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Viewer), Just(Role::Editor), Just(Role::Owner)]
}
