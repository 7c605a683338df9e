//! The model: what lists, members and todos are, without a database, a network, or anybody else at the same time.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;
use proto::todo::v1::member::Role;

use crate::step::{Act, Call, Etag, Step, USERS, Which, step};

/// What the last call must have answered: what it returned, or the reason of its refusal.
pub(crate) type Answer = Result<Seen, String>;

/// What a caller is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Seen {
    Nothing,
    List {
        list: usize,
        name: String,
        owner: usize,
        role: Role,
        members: usize,
        todos: usize,
        deleted: bool,
        revision: i64,
    },
    Member {
        user: usize,
        role: Role,
        revision: i64,
    },
    Todo {
        list: usize,
        todo: usize,
        title: String,
        completed: bool,
        deleted: bool,
        revision: i64,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    lists: Vec<List>,
    pub(crate) answer: Answer,
    /// The list that the last step was about.
    pub(crate) latest: usize,
}

#[derive(Clone, Debug)]
struct List {
    inbox: bool,
    name: String,
    members: BTreeMap<usize, Member>,
    deleted: bool,
    revision: i64,
    todos: Vec<Todo>,
}

#[derive(Clone, Copy, Debug)]
struct Member {
    role: Role,
    revision: i64,
}

#[derive(Clone, Debug, Default)]
struct Todo {
    title: String,
    completed: bool,
    deleted: bool,
    revision: i64,
}

impl Model {
    /// Each user with an inbox of the same number, and the first with a list.
    fn new() -> Self {
        let lists = (0..USERS).map(|user| List::new("Inbox", user, true)).collect();
        let mut model = Self { lists, answer: Ok(Seen::Nothing), latest: USERS };
        model.lists.push(List::new("list", 0, false));
        model.lists[0].revision += 1;
        model
    }

    /// The list that a step is about.
    pub(crate) fn list_of(&self, step: &Step) -> usize {
        match step.list {
            Which::Inbox(user) => user,
            Which::List(list) => USERS + list % (self.lists.len() - USERS),
        }
    }

    /// Who takes a step.
    pub(crate) fn caller(&self, step: &Step) -> usize {
        step.by.unwrap_or_else(|| self.lists[self.list_of(step)].owner())
    }

    /// The todo that a step is about, of all that were ever made in the list; if there is none, none is there.
    pub(crate) fn todo_of(&self, list: usize, todo: usize) -> usize {
        todo % self.lists[list].todos.len().max(1)
    }

    /// The version that a call names, of a list, one of its members, or one of its todos; any other if there is none.
    pub(crate) fn revision(&self, list: usize, member: Option<usize>, todo: Option<usize>) -> i64 {
        let list = &self.lists[list];
        match (member, todo) {
            (Some(user), _) => list.members.get(&user).map_or(0, |member| member.revision),
            (_, Some(todo)) => list.todos.get(todo).map_or(0, |todo| todo.revision),
            _ => list.revision,
        }
    }

    /// The lists that a user sees, in order.
    pub(crate) fn lists(&self, user: usize) -> Vec<Seen> {
        (0..self.lists.len()).filter_map(|list| self.seen(list, user)).collect()
    }

    /// The todos that a user sees, in order.
    pub(crate) fn todos(&self, user: usize) -> Vec<Seen> {
        let lists = (0..self.lists.len()).filter(|list| self.lists[*list].role(user).is_some());
        let todos = lists.flat_map(|list| (0..self.lists[list].todos.len()).map(move |todo| (list, todo)));
        todos
            .filter(|(list, todo)| !self.lists[*list].todos[*todo].deleted)
            .map(|(list, todo)| self.todo(list, todo))
            .collect()
    }

    /// The members of a list, if the user sees them.
    pub(crate) fn members(&self, list: usize, user: usize) -> Option<Vec<Seen>> {
        let list = self.lists.get(list).filter(|list| list.role(user).is_some())?;
        let seen = |(user, member): (&usize, &Member)| Seen::Member {
            user: *user,
            role: member.role,
            revision: member.revision,
        };
        Some(list.members.iter().map(seen).collect())
    }

    fn seen(&self, at: usize, user: usize) -> Option<Seen> {
        let list = &self.lists[at];
        let role = list.members.get(&user)?.role;
        (!list.deleted || role == Role::Owner).then(|| Seen::List {
            list: at,
            name: list.name.clone(),
            owner: list.owner(),
            role,
            members: list.members.len(),
            todos: list.todos.iter().filter(|todo| !todo.deleted).count(),
            deleted: list.deleted,
            revision: list.revision,
        })
    }

    fn todo(&self, list: usize, todo: usize) -> Seen {
        let Todo { title, completed, deleted, revision } = self.lists[list].todos[todo].clone();
        Seen::Todo { list, todo, title, completed, deleted, revision }
    }

    fn member(&self, list: usize, user: usize) -> Seen {
        let Member { role, revision } = self.lists[list].members[&user];
        Seen::Member { user, role, revision }
    }

    /// Numbers a change of a list itself, and of the inboxes of those for whom it changes what they see.
    fn bump(&mut self, list: usize, users: impl IntoIterator<Item = usize>) {
        self.lists[list].revision += 1;
        for user in users {
            self.lists[user].revision += 1;
        }
    }

    fn take(&mut self, step: &Step) -> Answer {
        let (by, list) = (self.caller(step), self.list_of(step));
        match step.call {
            Call::NewList => {
                self.lists.push(List::new("list", by, false));
                self.lists[by].revision += 1;
                Ok(self.seen(self.lists.len() - 1, by).expect("its owner sees it"))
            }
            Call::Rename(..) | Call::DeleteList(_) | Call::UndeleteList(_) => self.take_list(by, list, &step.call),
            Call::Share(..) | Call::Give(..) | Call::Remove(..) | Call::Leave => self.take_member(by, list, &step.call),
            Call::NewTodo(title) => {
                self.lists[list].permits(by, Role::Editor)?;
                let it = &mut self.lists[list];
                it.revision += 1;
                it.todos.push(Todo { title: format!("title {title}"), revision: it.revision, ..Todo::default() });
                Ok(self.todo(list, self.lists[list].todos.len() - 1))
            }
            Call::Todo(todo, act, etag) => {
                let todo = self.todo_of(list, todo);
                self.lists[list].permits(by, Role::Editor)?;
                self.lists[list].act(todo, act, etag)?;
                Ok(self.todo(list, todo))
            }
        }
    }

    fn take_list(&mut self, by: usize, list: usize, call: &Call) -> Answer {
        let it = &self.lists[list];
        let members: Vec<_> = it.members.keys().copied().collect();
        match call {
            Call::UndeleteList(etag) if it.deleted => {
                if it.owner() != by {
                    return Err("NOT_FOUND".into());
                }
                etag.admits()?;
                self.lists[list].deleted = false;
                self.bump(list, members);
            }
            Call::UndeleteList(_) => {
                it.permits(by, Role::Owner)?;
                return Err("NOT_DELETED".into());
            }
            Call::Rename(name, etag) => {
                it.permits(by, Role::Owner)?;
                etag.admits()?;
                let name = format!("name {name}");
                if it.name != name {
                    self.lists[list].name = name;
                    self.bump(list, []);
                }
            }
            Call::DeleteList(etag) => {
                it.permits(by, Role::Owner)?;
                it.is_no_inbox()?;
                etag.admits()?;
                self.lists[list].deleted = true;
                self.bump(list, members);
            }
            other => unreachable!("{other:?}"),
        }
        Ok(self.seen(list, by).expect("its owner sees it"))
    }

    fn take_member(&mut self, by: usize, list: usize, call: &Call) -> Answer {
        let it = &self.lists[list];
        it.permits(by, if matches!(call, Call::Leave) { Role::Viewer } else { Role::Owner })?;
        it.is_no_inbox()?;
        let next = it.revision + 1;
        match *call {
            Call::Share(user, role) => match it.members.get(&user) {
                Some(member) if member.role != role => Err("MEMBER_EXISTS".into()),
                Some(_) => Ok(self.member(list, user)),
                None => {
                    self.lists[list].members.insert(user, Member { role, revision: next });
                    self.bump(list, [user]);
                    Ok(self.member(list, user))
                }
            },
            Call::Give(user, role, etag) => {
                let present = it.members.get(&user).ok_or("NOT_FOUND")?.role;
                etag.admits()?;
                if present == role {
                    return Ok(self.member(list, user));
                }
                it.lets_go(user)?;
                self.lists[list].members.insert(user, Member { role, revision: next });
                if role == Role::Owner {
                    self.lists[list].members.insert(by, Member { role: Role::Editor, revision: next });
                    self.bump(list, [user, by]);
                } else {
                    self.bump(list, [user]);
                }
                Ok(self.member(list, user))
            }
            Call::Remove(user, etag) => {
                it.members.get(&user).ok_or("NOT_FOUND")?;
                etag.admits()?;
                self.end(list, user)
            }
            _ => self.end(list, by),
        }
    }

    fn end(&mut self, list: usize, user: usize) -> Answer {
        self.lists[list].lets_go(user)?;
        self.lists[list].members.remove(&user);
        self.bump(list, [user]);
        Ok(Seen::Nothing)
    }
}

impl List {
    fn new(name: &str, owner: usize, inbox: bool) -> Self {
        let members = BTreeMap::from([(owner, Member { role: Role::Owner, revision: 0 })]);
        Self { inbox, name: name.to_owned(), members, deleted: false, revision: 0, todos: Vec::new() }
    }

    fn owner(&self) -> usize {
        let owner = self.members.iter().find(|(_, member)| member.role == Role::Owner);
        *owner.expect("a list has an owner").0
    }

    /// What the user may do; nothing with a deleted list.
    fn role(&self, user: usize) -> Option<Role> {
        self.members.get(&user).filter(|_| !self.deleted).map(|member| member.role)
    }

    fn permits(&self, user: usize, least: Role) -> Result<(), String> {
        match self.role(user) {
            None => Err("NOT_FOUND".into()),
            Some(role) if role < least => Err("ROLE_INSUFFICIENT".into()),
            Some(_) => Ok(()),
        }
    }

    fn is_no_inbox(&self) -> Result<(), String> {
        if self.inbox { Err("INBOX_FIXED".into()) } else { Ok(()) }
    }

    fn lets_go(&self, user: usize) -> Result<(), String> {
        if self.owner() == user { Err("OWNER_MUST_STAY".into()) } else { Ok(()) }
    }

    fn act(&mut self, todo: usize, act: Act, etag: Etag) -> Result<(), String> {
        let it = self.todos.get_mut(todo).filter(|todo| !todo.deleted).ok_or("NOT_FOUND")?;
        etag.admits()?;
        let before = (it.title.clone(), it.completed, it.deleted);
        match act {
            Act::Retitle(title) => it.title = format!("title {title}"),
            Act::Complete => it.completed = true,
            Act::Reopen => it.completed = false,
            Act::Delete => it.deleted = true,
        }
        if before != (it.title.clone(), it.completed, it.deleted) {
            self.revision += 1;
            it.revision = self.revision;
        }
        Ok(())
    }
}

impl Etag {
    fn admits(self) -> Result<(), String> {
        if matches!(self, Self::Stale) { Err("ETAG_MISMATCH".into()) } else { Ok(()) }
    }
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::new()).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        step().boxed()
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        state.latest = state.list_of(step);
        state.answer = state.take(step);
        state
    }
}
