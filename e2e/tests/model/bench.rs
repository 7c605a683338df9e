//! The services as the model's users find them: on a real Postgres, over mutual TLS.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::refusal::reason;
use e2e::settings::Settings;
use e2e::{Client, System};
use local_postgres::Cluster;
use proptest_state_machine::StateMachineTest;
use proto::todo::v1 as todo;
use service_kit::clock::Clock;
use todo_service::revision::{Etag as Version, Revision};
use tokio::runtime::Runtime;
use tonic::Status;

use crate::reference::{Answer, Model, Seen};
use crate::step::{Act, Call, Etag, Step, USERS};

/// A system that all histories share, each with users of its own.
struct Place {
    runtime: Runtime,
    system: System,
}

/// The users of a history, and the names of what they made, by number.
pub(crate) struct Bench {
    place: &'static Place,
    users: Vec<(String, Client)>,
    lists: Vec<String>,
    /// Of each list.
    todos: Vec<Vec<String>>,
    /// The model before the last step.
    before: Model,
}

fn place() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(|| {
        let runtime = Runtime::new().unwrap();
        // Users by the dozen, from one address, with passwords that need not be safe.
        let easy = |settings: Settings| {
            let is_auth = settings.variables().all(|(name, _)| name != "AUTH_ADDRESS");
            if !is_auth {
                return settings;
            }
            let settings = settings.with("HASH_MEMORY_KIB", "8").with("HASH_PASSES", "1");
            settings.with("ADDRESS_ATTEMPTS_PER_MINUTE", "1000000").with("ADDRESS_BURST", "1000000")
        };
        let system = runtime
            .block_on(async { System::configured(Cluster::throwaway().await.unwrap(), Clock::system(), easy).await });
        Place { runtime, system }
    })
}

impl Bench {
    async fn new(place: &'static Place, model: &Model) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let (mut users, mut lists) = (Vec::<(String, Client)>::new(), Vec::new());
        for _ in 0..USERS {
            let name = format!("user-{}", NEXT.fetch_add(1, Ordering::Relaxed));
            let mut user = place.system.user(&name).await;
            lists.push(user.client.list("lists/inbox").await.unwrap().name);
            users.push((user.granted.user.unwrap().name, user.client));
        }
        lists.push(users[0].1.new_list("list", "").await.unwrap().name);
        Self { place, users, lists, todos: vec![Vec::new(); USERS + 1], before: model.clone() }
    }

    async fn take(&mut self, step: &Step) -> Answer {
        let (mut client, at) = (self.users[self.before.caller(step)].1.clone(), self.before.list_of(step));
        let list = self.lists[at].clone();
        let member = |user: usize| format!("{list}/members/{}", self.users[user].0.trim_start_matches("users/"));
        let own = |etag| etag_of(etag, self.before.revision(at, None, None));
        let of_member = |etag, user| etag_of(etag, self.before.revision(at, Some(user), None));
        match step.call {
            Call::NewList => {
                let made = client.new_list("list", "").await;
                if let Ok(list) = &made {
                    self.lists.push(list.name.clone());
                    self.todos.push(Vec::new());
                }
                self.list(made)
            }
            Call::Rename(name, etag) => {
                let list = todo::List {
                    name: list,
                    display_name: format!("name {name}"),
                    etag: own(etag),
                    ..Default::default()
                };
                let request = todo::UpdateListRequest { list: Some(list), ..Default::default() };
                self.list(client.lists.update_list(request).await.map(tonic::Response::into_inner))
            }
            Call::DeleteList(etag) => {
                let request = todo::DeleteListRequest { name: list, etag: own(etag) };
                self.list(client.lists.delete_list(request).await.map(tonic::Response::into_inner))
            }
            Call::UndeleteList(etag) => {
                let request = todo::UndeleteListRequest { name: list, etag: own(etag) };
                self.list(client.lists.undelete_list(request).await.map(tonic::Response::into_inner))
            }
            Call::Share(user, role) => self.member(client.share(&list, &self.users[user].0, role).await),
            Call::Give(user, role, etag) => {
                let (name, etag) = (member(user), of_member(etag, user));
                let member = todo::Member { name, role: role.into(), etag, ..Default::default() };
                let request = todo::UpdateMemberRequest { member: Some(member), ..Default::default() };
                self.member(client.members.update_member(request).await.map(tonic::Response::into_inner))
            }
            Call::Remove(user, etag) => {
                let request = todo::RemoveMemberRequest { name: member(user), etag: of_member(etag, user) };
                nothing(client.members.remove_member(request).await)
            }
            Call::Leave => nothing(client.members.leave_list(todo::LeaveListRequest { list }).await),
            Call::NewTodo(title) => {
                let made = client.new_todo(&list, &format!("title {title}")).await;
                if let Ok(todo) = &made {
                    self.todos[at].push(todo.name.clone());
                }
                self.todo(made)
            }
            Call::Todo(todo, act, etag) => self.act(&mut client, at, todo, act, etag).await,
        }
    }

    async fn act(&self, client: &mut Client, list: usize, todo: usize, act: Act, etag: Etag) -> Answer {
        let todo = self.before.todo_of(list, todo);
        let missing = format!("{}/todos/01890a5d-ac96-774b-bcce-b302099a8057", self.lists[list]);
        let name = self.todos[list].get(todo).cloned().unwrap_or(missing);
        let etag = etag_of(etag, self.before.revision(list, None, Some(todo)));
        self.todo(match act {
            Act::Retitle(title) => {
                let todo = todo::Todo { name, title: format!("title {title}"), etag, ..Default::default() };
                client.update_todo(&todo, Some(&["title"])).await
            }
            Act::Complete => client.complete(&name, &etag).await,
            Act::Reopen => client.reopen(&name, &etag).await,
            Act::Delete => client.delete(&name, &etag).await,
        })
    }

    fn user(&self, name: &str) -> usize {
        self.users.iter().position(|(user, _)| user == name).expect("a user of this history")
    }

    fn list(&self, answer: Result<todo::List, Status>) -> Answer {
        answer.map(|list| self.seen_list(&list)).map_err(|status| reason(&status))
    }

    fn member(&self, answer: Result<todo::Member, Status>) -> Answer {
        answer.map(|member| self.seen_member(&member)).map_err(|status| reason(&status))
    }

    fn todo(&self, answer: Result<todo::Todo, Status>) -> Answer {
        answer.map(|todo| self.seen_todo(&todo)).map_err(|status| reason(&status))
    }

    fn seen_list(&self, list: &todo::List) -> Seen {
        Seen::List {
            list: self.lists.iter().position(|name| *name == list.name).expect("a list of this history"),
            name: list.display_name.clone(),
            owner: self.user(&list.owner),
            role: list.role(),
            members: list.member_count.try_into().unwrap(),
            todos: list.todo_count.try_into().unwrap(),
            deleted: list.delete_time.is_some(),
            revision: revision(&list.etag),
        }
    }

    fn seen_member(&self, member: &todo::Member) -> Seen {
        Seen::Member { user: self.user(&member.user), role: member.role(), revision: revision(&member.etag) }
    }

    fn seen_todo(&self, seen: &todo::Todo) -> Seen {
        let list = self.lists.iter().position(|list| seen.name.starts_with(list)).expect("a list of this history");
        Seen::Todo {
            list,
            todo: self.todos[list].iter().position(|name| *name == seen.name).expect("a todo of this history"),
            title: seen.title.clone(),
            completed: seen.state() == todo::todo::State::Completed,
            deleted: seen.delete_time.is_some(),
            revision: revision(&seen.etag),
        }
    }

    /// That a user sees what the model says.
    async fn look(&self, model: &Model, user: usize) {
        let mut client = self.users[user].1.clone();
        let request = todo::ListListsRequest { show_deleted: true, ..Default::default() };
        let lists = client.lists.list_lists(request).await.unwrap().into_inner().lists;
        assert_eq!(sorted(lists.iter().map(|list| self.seen_list(list))), model.lists(user), "lists of {user}");
        let todos = client.page("lists/-", 1000, "").await.unwrap().todos;
        assert_eq!(sorted(todos.iter().map(|todo| self.seen_todo(todo))), model.todos(user), "todos of {user}");
        let request = todo::ListMembersRequest { parent: self.lists[model.latest].clone(), ..Default::default() };
        let members = client.members.list_members(request).await.map(|page| page.into_inner().members);
        let members = members.ok().map(|members| sorted(members.iter().map(|member| self.seen_member(member))));
        assert_eq!(members, model.members(model.latest, user), "members as {user} sees them");
    }
}

impl StateMachineTest for Bench {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(model: &Model) -> Self {
        let place = place();
        place.runtime.block_on(Self::new(place, model))
    }

    fn apply(mut bench: Self, model: &Model, step: Step) -> Self {
        let place = bench.place;
        let answer = place.runtime.block_on(bench.take(&step));
        assert_eq!(answer, model.answer, "{step:?}");
        bench.before = model.clone();
        bench
    }

    fn check_invariants(bench: &Self, model: &Model) {
        // All of them: a shorter history must be looked at by whoever saw the fault.
        bench.place.runtime.block_on(async {
            for user in 0..USERS {
                bench.look(model, user).await;
            }
        });
    }
}

fn nothing<T>(answer: Result<T, Status>) -> Answer {
    answer.map(|_| Seen::Nothing).map_err(|status| reason(&status))
}

fn etag_of(etag: Etag, present: i64) -> String {
    match etag {
        Etag::Any => String::new(),
        Etag::Present => version(present),
        Etag::Stale => version(present - 1),
    }
}

fn version(revision: i64) -> String {
    Version::from(Revision::new(revision)).to_string()
}

/// The version that an etag stands for, which a client must not know, and this test does.
fn revision(etag: &str) -> i64 {
    etag.parse::<Version>().unwrap().revision().count()
}

fn sorted(seen: impl Iterator<Item = Seen>) -> Vec<Seen> {
    let mut seen: Vec<_> = seen.collect();
    seen.sort();
    seen
}
