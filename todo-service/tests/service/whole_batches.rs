//! The batch rpcs: all or nothing, told with the place of what is wrong, and once for each request id.

use proto::todo::v1 as wire;
use tonic::{Code, Response, Status};

use crate::support::World;
use crate::support::world::{User, create, metadata, violations, why};

const INBOX: &str = "lists/inbox";

fn made(titles: &[&str]) -> wire::BatchCreateTodosRequest {
    let element = |title: &&str| create(INBOX, title);
    let requests = titles.iter().map(element).collect();
    wire::BatchCreateTodosRequest { parent: INBOX.into(), requests, request_id: String::new() }
}

async fn create_all(user: &mut User, request: wire::BatchCreateTodosRequest) -> Result<Vec<wire::Todo>, Status> {
    user.todos.batch_create_todos(request).await.map(Response::into_inner).map(|answer| answer.todos)
}

async fn get_all(user: &mut User, parent: &str, names: &[&str]) -> Result<Vec<wire::Todo>, Status> {
    let names = names.iter().map(ToString::to_string).collect();
    let request = wire::BatchGetTodosRequest { parent: parent.into(), names };
    user.todos.batch_get_todos(request).await.map(Response::into_inner).map(|answer| answer.todos)
}

fn renamed(todos: &[wire::Todo], title: &str) -> wire::BatchUpdateTodosRequest {
    let element = |todo: &wire::Todo| wire::UpdateTodoRequest {
        todo: Some(wire::Todo { title: title.into(), ..todo.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["title".into()] }),
        allow_missing: false,
    };
    let requests = todos.iter().map(element).collect();
    wire::BatchUpdateTodosRequest { parent: INBOX.into(), requests, request_id: String::new() }
}

async fn update_all(user: &mut User, request: wire::BatchUpdateTodosRequest) -> Result<Vec<wire::Todo>, Status> {
    user.todos.batch_update_todos(request).await.map(Response::into_inner).map(|answer| answer.todos)
}

fn deleted(todos: &[wire::Todo]) -> wire::BatchDeleteTodosRequest {
    let element = |todo: &wire::Todo| wire::DeleteTodoRequest { name: todo.name.clone(), etag: todo.etag.clone() };
    let requests = todos.iter().map(element).collect();
    wire::BatchDeleteTodosRequest { parent: INBOX.into(), requests, request_id: String::new() }
}

async fn delete_all(user: &mut User, request: wire::BatchDeleteTodosRequest) -> Result<Vec<wire::Todo>, Status> {
    user.todos.batch_delete_todos(request).await.map(Response::into_inner).map(|answer| answer.todos)
}

async fn all(user: &mut User) -> Vec<wire::Todo> {
    let mut todos = user.page(INBOX, 0, "").await.unwrap().todos;
    todos.sort_by(|one, other| one.position.cmp(&other.position));
    todos
}

#[tokio::test]
async fn a_batch_is_made_changed_read_and_deleted_in_its_order() {
    let world = World::new().await;
    let mut alice = world.user();
    let made = create_all(&mut alice, made(&["one", "two", "three"])).await.unwrap();
    assert_eq!(made.iter().map(|todo| todo.title.as_str()).collect::<Vec<_>>(), ["one", "two", "three"]);
    let names: Vec<_> = made.iter().rev().map(|todo| todo.name.as_str()).collect();
    let read = get_all(&mut alice, INBOX, &names).await.unwrap();
    assert_eq!(read, made.iter().rev().cloned().collect::<Vec<_>>());
    let changed = update_all(&mut alice, renamed(&made, "done")).await.unwrap();
    assert!(changed.iter().all(|todo| todo.title == "done"));
    let gone = delete_all(&mut alice, deleted(&changed)).await.unwrap();
    assert!(gone.iter().all(|todo| todo.delete_time.is_some() && todo.delete_time == gone[0].delete_time));
    assert_eq!(get_all(&mut alice, "lists/-", &names).await.unwrap().len(), 3, "deleted ones too");
    assert_eq!(all(&mut alice).await, []);
}

#[tokio::test]
async fn a_batch_over_all_lists_names_the_list_of_each() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Groceries").await;
    let mut request = made(&["here", "there"]);
    request.parent = "lists/-".into();
    request.requests[1].parent.clone_from(&list.name);
    let todos = create_all(&mut alice, request.clone()).await.unwrap();
    assert!(todos[1].name.starts_with(&list.name) && !todos[0].name.starts_with(&list.name));
    request.parent = INBOX.into();
    assert_eq!(violations(&create_all(&mut alice, request).await.unwrap_err()), ["requests[1].parent"]);
    assert_eq!(violations(&update_all(&mut alice, renamed(&todos, "x")).await.unwrap_err()), ["requests[1].todo.name"]);
    assert_eq!(violations(&delete_all(&mut alice, deleted(&todos)).await.unwrap_err()), ["requests[1].name"]);
    let names = [todos[0].name.as_str(), todos[1].name.as_str()];
    assert_eq!(violations(&get_all(&mut alice, INBOX, &names).await.unwrap_err()), ["names[1]"]);
}

#[tokio::test]
async fn one_element_that_fails_leaves_everything_as_it_was_and_says_which_it_is() {
    let world = World::with(|limits| limits.todos_per_list = 5).await;
    let mut alice = world.user();
    let todos = create_all(&mut alice, made(&["one", "two", "three"])).await.unwrap();
    let inbox = alice.get_list(INBOX).await.unwrap();

    let refused = create_all(&mut alice, made(&["four", "five", "six"])).await.unwrap_err();
    assert_eq!((why(&refused).1.as_str(), metadata(&refused, "index").as_str()), ("QUOTA_EXCEEDED", "2"));
    let mut taken = made(&["four", "five"]);
    taken.requests[1].todo_id = todos[0].name.rsplit('/').next().unwrap().into();
    let refused = create_all(&mut alice, taken).await.unwrap_err();
    assert_eq!((why(&refused).1.as_str(), metadata(&refused, "index").as_str()), ("ID_TAKEN", "1"));
    let mut stale = todos.clone();
    stale[1].etag = "AAAAAAAAAAE".into();
    for refused in [
        update_all(&mut alice, renamed(&stale, "x")).await.unwrap_err(),
        delete_all(&mut alice, deleted(&stale)).await.unwrap_err(),
    ] {
        assert_eq!(why(&refused), (Code::Aborted, "ETAG_MISMATCH".into()));
        assert_eq!((metadata(&refused, "index"), metadata(&refused, "resource")), ("1".into(), stale[1].name.clone()));
    }
    let mut missing = todos.clone();
    missing[2].name = format!("{}/todos/{}", inbox.name, world.id());
    let names: Vec<_> = missing.iter().map(|todo| todo.name.as_str()).collect();
    for refused in [
        update_all(&mut alice, renamed(&missing, "x")).await.unwrap_err(),
        delete_all(&mut alice, deleted(&missing)).await.unwrap_err(),
        get_all(&mut alice, INBOX, &names).await.unwrap_err(),
    ] {
        assert_eq!(why(&refused), (Code::NotFound, "NOT_FOUND".into()));
        assert_eq!(
            (metadata(&refused, "index"), metadata(&refused, "resource")),
            ("2".into(), missing[2].name.clone())
        );
    }
    assert_eq!(all(&mut alice).await, todos);
    assert_eq!(alice.get_list(INBOX).await.unwrap(), inbox, "not even the revision");
}

#[tokio::test]
async fn what_is_wrong_with_fields_is_told_by_their_paths() {
    let world = World::new().await;
    let mut alice = world.user();
    let mut request = made(&["one", "", "three"]);
    request.requests[2].todo.as_mut().unwrap().labels = vec!["fine".into(), String::new()];
    let refused = create_all(&mut alice, request).await.unwrap_err();
    assert_eq!(violations(&refused), ["requests[1].todo.title", "requests[2].todo.labels[1]"]);
    let mut request = renamed(&[wire::Todo { name: "x".into(), ..Default::default() }], "one");
    request.requests[0].allow_missing = true;
    let refused = update_all(&mut alice, request).await.unwrap_err();
    assert_eq!(violations(&refused), ["requests[0].allow_missing", "requests[0].todo.name"]);
}

#[tokio::test]
async fn a_batch_names_nothing_twice() {
    let world = World::new().await;
    let mut alice = world.user();
    let todo = alice.todo(INBOX, "one").await;
    let twice = [todo.clone(), todo.clone()];
    let names = [todo.name.as_str(), todo.name.as_str()];
    assert_eq!(violations(&update_all(&mut alice, renamed(&twice, "x")).await.unwrap_err()), ["requests[1].todo.name"]);
    assert_eq!(violations(&delete_all(&mut alice, deleted(&twice)).await.unwrap_err()), ["requests[1].name"]);
    assert_eq!(violations(&get_all(&mut alice, INBOX, &names).await.unwrap_err()), ["names[1]"]);
    let (mut ids, mut requests) = (made(&["one", "two"]), made(&["one", "two"]));
    let id = world.id().to_string();
    for (one, other) in ids.requests.iter_mut().zip(&mut requests.requests) {
        one.todo_id.clone_from(&id);
        other.request_id.clone_from(&id);
    }
    assert_eq!(violations(&create_all(&mut alice, ids).await.unwrap_err()), ["requests[1].todo_id"]);
    assert_eq!(violations(&create_all(&mut alice, requests).await.unwrap_err()), ["requests[1].request_id"]);
}

#[tokio::test]
async fn a_batch_has_1_to_100_elements() {
    let world = World::new().await;
    let mut alice = world.user();
    assert_eq!(violations(&create_all(&mut alice, made(&[])).await.unwrap_err()), ["requests"]);
    assert_eq!(violations(&get_all(&mut alice, INBOX, &[]).await.unwrap_err()), ["names"]);
    assert_eq!(create_all(&mut alice, made(&["title"; 100])).await.unwrap().len(), 100);
    assert_eq!(violations(&create_all(&mut alice, made(&["title"; 101])).await.unwrap_err()), ["requests"]);
    // Counted by their bytes: the first hundred are wrong as well, and nobody has looked.
    assert_eq!(violations(&create_all(&mut alice, made(&[""; 101])).await.unwrap_err()), ["requests"]);
    assert_eq!(violations(&get_all(&mut alice, INBOX, &["x"; 101]).await.unwrap_err()), ["names"]);
}

#[tokio::test]
async fn a_repeated_batch_gives_the_first_answer() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let request_id = world.id().to_string();
    let request = wire::BatchCreateTodosRequest { request_id: request_id.clone(), ..made(&["one", "two"]) };
    let first = create_all(&mut alice, request.clone()).await.unwrap();
    assert_eq!(create_all(&mut alice, request.clone()).await.unwrap(), first);
    let done = alice.complete(&first[1].name, "").await.unwrap();
    assert_eq!(create_all(&mut alice, request.clone()).await.unwrap(), [first[0].clone(), done], "as they are now");
    assert_eq!(all(&mut alice).await.len(), 2);

    let another = wire::BatchCreateTodosRequest { request_id: request_id.clone(), ..made(&["one", "three"]) };
    let refused = create_all(&mut alice, another).await.unwrap_err();
    assert_eq!((why(&refused), metadata(&refused, "id")), ((Code::AlreadyExists, "ID_TAKEN".into()), request_id));
    let bobs = create_all(&mut bob, request).await.unwrap();
    assert_ne!(bobs[0].name, first[0].name, "another caller's id is another");
}

#[tokio::test]
async fn a_repeated_change_or_deletion_is_done_once() {
    let world = World::new().await;
    let mut alice = world.user();
    let todos = create_all(&mut alice, made(&["one", "two"])).await.unwrap();
    let request_id = world.id().to_string();
    // With etags: without the request id the repeat would be refused.
    let update = wire::BatchUpdateTodosRequest { request_id: request_id.clone(), ..renamed(&todos, "new") };
    let changed = update_all(&mut alice, update.clone()).await.unwrap();
    assert_eq!(update_all(&mut alice, update).await.unwrap(), changed);
    let delete = wire::BatchDeleteTodosRequest { request_id: request_id.clone(), ..deleted(&changed) };
    assert_eq!(why(&delete_all(&mut alice, delete.clone()).await.unwrap_err()).1, "ID_TAKEN", "of another rpc");
    let delete = wire::BatchDeleteTodosRequest { request_id: world.id().to_string(), ..delete };
    let gone = delete_all(&mut alice, delete.clone()).await.unwrap();
    assert_eq!(delete_all(&mut alice, delete).await.unwrap(), gone);
}

#[tokio::test]
async fn a_batch_that_was_refused_keeps_no_request_id() {
    let world = World::with(|limits| limits.todos_per_list = 1).await;
    let mut alice = world.user();
    let request_id = world.id().to_string();
    let request = wire::BatchCreateTodosRequest { request_id: request_id.clone(), ..made(&["one", "two"]) };
    assert_eq!(why(&create_all(&mut alice, request).await.unwrap_err()).1, "QUOTA_EXCEEDED");
    let request = wire::BatchCreateTodosRequest { request_id, ..made(&["one"]) };
    assert_eq!(create_all(&mut alice, request).await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_twins_that_are_sent_at_once_one_writes_and_all_are_told_the_same() {
    let world = World::new().await;
    let mut alice = world.user();
    let request = wire::BatchCreateTodosRequest { request_id: world.id().to_string(), ..made(&["one", "two"]) };
    let calls = (0..8).map(|_| {
        let (mut alice, request) = (alice.clone(), request.clone());
        async move { create_all(&mut alice, request).await.unwrap() }
    });
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(all(&mut alice).await.len(), 2);
}

#[tokio::test]
async fn a_parent_and_its_parts_come_go_and_move_together() {
    let world = World::new().await;
    let mut alice = world.user();
    let inbox = alice.get_list(INBOX).await.unwrap().name;
    let id = world.id().to_string();
    let mut request = made(&["party", "cake"]);
    request.requests[0].todo_id.clone_from(&id);
    request.requests[1].todo.as_mut().unwrap().parent_todo = format!("{inbox}/todos/{id}");
    let todos = create_all(&mut alice, request.clone()).await.unwrap();
    assert_eq!(todos[1].parent_todo, todos[0].name);
    let gone = delete_all(&mut alice, deleted(&todos)).await.unwrap();
    assert!(gone.iter().all(|todo| todo.delete_time == gone[0].delete_time));
    // The part before its parent: there is none yet.
    request.requests.swap(0, 1);
    let id = world.id().to_string();
    request.requests[1].todo_id.clone_from(&id);
    request.requests[0].todo.as_mut().unwrap().parent_todo = format!("{inbox}/todos/{id}");
    let refused = create_all(&mut alice, request).await.unwrap_err();
    assert_eq!((why(&refused).1.as_str(), metadata(&refused, "index").as_str()), ("PARENT_UNSUITABLE", "0"));
}

#[tokio::test]
async fn who_may_only_read_or_nothing_writes_no_batch() {
    let world = World::new().await;
    let (mut alice, mut bob, mut carol) = (world.user(), world.user(), world.user());
    let list = alice.list("Shared").await;
    let todo = alice.todo(&list.name, "milk").await;
    world.admit(&bob, &list, "viewer").await;
    let todos = std::slice::from_ref(&todo);
    let mut create = wire::BatchCreateTodosRequest { parent: list.name.clone(), ..made(&["one"]) };
    create.requests[0].parent.clone_from(&list.name);
    let update = wire::BatchUpdateTodosRequest { parent: list.name.clone(), ..renamed(todos, "x") };
    let delete = wire::BatchDeleteTodosRequest { parent: list.name.clone(), ..deleted(todos) };
    for (user, reason) in [(&mut bob, "ROLE_INSUFFICIENT"), (&mut carol, "NOT_FOUND")] {
        for refused in [
            create_all(user, create.clone()).await.unwrap_err(),
            update_all(user, update.clone()).await.unwrap_err(),
            delete_all(user, delete.clone()).await.unwrap_err(),
        ] {
            assert_eq!((why(&refused).1.as_str(), metadata(&refused, "index").as_str()), (reason, "0"));
        }
    }
    assert_eq!(get_all(&mut bob, &list.name, &[&todo.name]).await.unwrap(), [todo]);
}
