//! What belongs to somebody else does not exist: every rpc that takes a resource name, with names of another user's things,
//! answers byte for byte as if they were not there. Which rpc takes which name is read from the contract.

use e2e::rules::{fields, is_identifier, option, set, visit};
use e2e::scene::Scene;
use e2e::wire::{methods, path};
use e2e::{System, User};
use prost_reflect::prost::Message;
use prost_reflect::{MethodDescriptor, Value};
use proto::access::v1::Caller;
use proto::auth::v1 as auth;
use proto::todo::v1 as todo;
use tonic::{Code, Status};
use uuid::Uuid;

/// Patterns of resource names (AIP-122), as the contract has them.
const USER: &str = "users/{user}";
const SESSION: &str = "users/{user}/sessions/{session}";
const LIST: &str = "lists/{list}";
const TODO: &str = "lists/{list}/todos/{todo}";
const MEMBER: &str = "lists/{list}/members/{member}";

/// The fields of the rpc's request that name a resource which must be there: path and pattern.
fn names(method: &MethodDescriptor) -> Vec<(String, String)> {
    let read: Vec<_> = fields(method).into_iter().map(|field| field.path).collect();
    let mut names = Vec::new();
    visit(&method.input(), "", &mut |path, field| {
        let reference = option(field, "google.api.resource_reference");
        let of_reference = |name: &str| {
            let value = reference.as_ref()?.as_message()?.get_field_by_name(name)?;
            value.as_str().filter(|kind| !kind.is_empty()).map(pattern)
        };
        let of_itself = || {
            let is_sought = is_identifier(field) && !method.name().contains("Create");
            is_sought.then(|| resource(field.parent_message()).expect("a resource").1)
        };
        let parent = || of_reference("child_type").map(|child| parent(&child));
        if let Some(pattern) = of_reference("type").or_else(parent).or_else(of_itself)
            && read.contains(&path)
            // Where the elements of a batch are, their own names say.
            && !(path == "parent" && method.name().starts_with("Batch"))
            // What a todo is to be a part of is refused in the same words whatever it is, once the todo itself is found.
            && field.name() != "parent_todo"
            // A user whom todo-service is told of need not be one: it knows none.
            && (pattern != USER || method.full_name().starts_with("auth."))
        {
            names.push((path, pattern));
        }
    });
    names
}

/// Type and pattern of the resource that a message is.
fn resource(message: &prost_reflect::MessageDescriptor) -> Option<(String, String)> {
    let extension = message.parent_pool().get_extension_by_name("google.api.resource")?;
    let options = message.options();
    let resource = options.has_extension(&extension).then(|| options.get_extension(&extension))?;
    let kind = resource.as_message()?.get_field_by_name("type")?.as_str()?.to_owned();
    let patterns = resource.as_message()?.get_field_by_name("pattern")?.into_owned();
    Some((kind, patterns.as_list()?.first()?.as_str()?.to_owned()))
}

fn pattern(kind: &str) -> String {
    let resources = e2e::wire::contract().all_messages().filter_map(|message| resource(&message)).collect::<Vec<_>>();
    resources.into_iter().find(|(of, _)| of == kind).unwrap_or_else(|| panic!("{kind} is no resource")).1
}

fn parent(child: &str) -> String {
    child.rsplitn(3, '/').last().expect("a parent").to_owned()
}

/// Whether anybody may try: an rpc for admins refuses all others whatever they name.
fn for_users(method: &MethodDescriptor) -> bool {
    proto::access::rule(&path(method)).is_some_and(|rule| rule.caller == Caller::User)
}

/// The same name with other ids: of the same version, and of nothing.
fn missing(name: &str) -> String {
    let other = |segment: &str| {
        let Ok(id) = segment.parse::<Uuid>() else { return segment.to_owned() };
        Uuid::from_u128(id.as_u128() ^ 0xffff).to_string()
    };
    name.split('/').map(other).collect::<Vec<_>>().join("/")
}

/// All that a status says on the wire, with the name taken out.
fn said(status: &Status, name: &str) -> (Code, String, String, Vec<String>) {
    let details: String = status.details().iter().map(|byte| char::from(*byte)).collect();
    let mut headers: Vec<_> = status.metadata().clone().into_headers().keys().map(ToString::to_string).collect();
    headers.sort();
    assert!(details.contains("NOT_FOUND"), "{status:?}");
    // The entries of a map are in no order: what they say counts.
    let mut details: Vec<_> = details.replace(name, "{name}").chars().collect();
    details.sort_unstable();
    (status.code(), status.message().replace(name, "{name}"), details.into_iter().collect(), headers)
}

/// Asserts that the user is told of the name what anybody is told of nothing.
async fn assert_hidden(scene: &Scene, user: &User, method: &MethodDescriptor, path: &str, name: &str) {
    let etag = fields(method).into_iter().find(|field| field.path.ends_with("etag"));
    for sent_etag in ["", "1", "AAAAAAAAAAE"] {
        let mut answers = Vec::new();
        for name in [name, &missing(name)] {
            let mut request = scene.request(method);
            set(&mut request, path, Some(Value::String(name.to_owned())));
            if let Some(etag) = &etag {
                set(&mut request, &etag.path, Some(Value::String(sent_etag.to_owned())));
            }
            let status =
                scene.send_as(user, method, &request).await.expect_err(&format!("{} {name}", method.full_name()));
            assert_eq!(status.code(), Code::NotFound, "{} {name}: {status:?}", method.full_name());
            answers.push((said(&status, "nothing that is said"), said(&status, name)));
        }
        let [(is, named), (missing, unnamed)] = answers.try_into().expect("two answers");
        // Where several names are sent, the first that is not there is told, and that may be another.
        if is != missing {
            assert_eq!(named, unnamed, "{} {path} = {name}", method.full_name());
        }
    }
}

/// What the owner has, in every state that it can be in.
struct Things {
    scene: Box<Scene>,
    inbox: todo::List,
    todos: Vec<todo::Todo>,
}

/// All that the owner sees.
#[derive(Debug, PartialEq)]
struct Seen(auth::User, Vec<todo::List>, Vec<todo::Todo>);

impl Things {
    async fn of(system: &System) -> Self {
        let mut scene = Box::new(Scene::of(system).await);
        let client = &mut scene.owner.client;
        let mut todos = vec![scene.todo.clone(), client.create_todo("in the inbox").await.unwrap()];
        let name = client.create_todo("completed").await.unwrap().name;
        let completed = client.todos.complete_todo(todo::CompleteTodoRequest { name, ..Default::default() }).await;
        let name = client.create_todo("deleted").await.unwrap().name;
        let deleted = client.todos.delete_todo(todo::DeleteTodoRequest { name, ..Default::default() }).await;
        todos.extend([completed.unwrap().into_inner(), deleted.unwrap().into_inner()]);
        let inbox = client.lists.get_list(todo::GetListRequest { name: "lists/inbox".to_owned() }).await;
        Self { scene, inbox: inbox.unwrap().into_inner(), todos }
    }

    fn deleted(&self) -> &todo::Todo {
        self.todos.iter().find(|todo| todo.delete_time.is_some()).expect("a deleted todo")
    }

    async fn seen(&mut self) -> Seen {
        let client = &mut self.scene.owner.client;
        let user = client.users.get_user(auth::GetUserRequest { name: "users/me".to_owned() }).await;
        let lists = client.lists.list_lists(todo::ListListsRequest::default()).await;
        let mut todos = Vec::new();
        for name in self.todos.iter().map(|todo| todo.name.clone()) {
            todos.push(client.todos.get_todo(todo::GetTodoRequest { name }).await.unwrap().into_inner());
        }
        Seen(user.unwrap().into_inner(), lists.unwrap().into_inner().lists, todos)
    }

    /// Names of the owner's things, and such as a stranger could make of them who has a list and a todo.
    fn names(&self, pattern: &str, strangers: &todo::Todo) -> Vec<String> {
        let (list, id) = strangers.name.split_once("/todos/").expect("a todo");
        let names = self.todos.iter().map(|todo| todo.name.clone());
        let in_strangers_list = |name: String| format!("{list}/todos/{}", name.rsplit_once('/').expect("a name").1);
        match pattern {
            USER => vec![self.scene.user().name],
            SESSION => vec![self.scene.owner.granted.session.clone().expect("a session").name],
            LIST => [self.scene.lists_and_members().0, vec![self.inbox.name.clone()]].concat(),
            MEMBER => self.scene.lists_and_members().1,
            TODO => names
                .clone()
                .chain(names.map(in_strangers_list))
                .chain([format!("{}/todos/{id}", self.inbox.name)])
                .collect(),
            other => panic!("the owner has nothing that is called {other}: give them one"),
        }
    }
}

#[tokio::test]
async fn a_strangers_view_of_anything_is_that_it_is_not_there() {
    let system = System::start().await;
    let mut things = Things::of(&system).await;
    let mut mallory = system.user("mallory").await;
    let strangers = mallory.client.create_todo("mine").await.unwrap();
    let before = things.seen().await;
    let mut rpcs = 0;
    for method in methods().into_iter().filter(for_users) {
        for (path, pattern) in names(&method) {
            rpcs += 1;
            for name in things.names(&pattern, &strangers) {
                assert_hidden(&things.scene, &mallory, &method, &path, &name).await;
            }
        }
    }
    assert!(rpcs >= 10, "the contract names resources by {rpcs} fields only");
    assert_eq!(things.seen().await, before, "something of the owner has changed");
}

#[tokio::test]
async fn pages_of_everything_hold_nothing_of_others() {
    let system = System::start().await;
    let things = Things::of(&system).await;
    let mut mallory = system.user("mallory").await;
    let mine = mallory.client.create_todo("mine").await.unwrap();
    let request = todo::ListTodosRequest { parent: "lists/-".to_owned(), ..Default::default() };
    let page = mallory.client.todos.list_todos(request).await.unwrap().into_inner();
    assert_eq!(page.todos, [mine]);
    let lists = mallory.client.lists.list_lists(todo::ListListsRequest::default()).await.unwrap().into_inner().lists;
    assert_eq!(lists.len(), 1, "{lists:?}");
    assert!(lists[0].inbox && lists[0].name != things.inbox.name);
}

#[tokio::test]
async fn a_deleted_todo_can_be_read_and_brought_back_by_its_owner_and_is_gone_for_every_other_rpc() {
    let system = System::start().await;
    let things = Things::of(&system).await;
    let deleted = things.deleted();
    for method in methods() {
        for (path, _) in names(&method).iter().filter(|(_, pattern)| pattern == TODO) {
            if method.name() == "UndeleteTodo" {
                continue;
            }
            if ["GetTodo", "BatchGetTodos"].contains(&method.name()) {
                let mut request = things.scene.request(&method);
                set(&mut request, path, Some(Value::String(deleted.name.clone())));
                let bytes = things.scene.send(&method, &request).await.unwrap();
                let read: Option<todo::Todo> = match method.name() {
                    "GetTodo" => todo::Todo::decode(bytes).ok(),
                    _ => todo::BatchGetTodosResponse::decode(bytes).unwrap().todos.pop(),
                };
                assert_eq!(read.as_ref(), Some(deleted));
            } else {
                assert_hidden(&things.scene, &things.scene.owner, &method, path, &deleted.name).await;
            }
        }
    }
}
