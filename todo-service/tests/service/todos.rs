use proto::todo::v1 as wire;
use proto::todo::v1::todo::State;
use tonic::{Code, Status};

use crate::support::world::{User, World, create, metadata, violations, why};

const THIRTY_DAYS: i64 = 30 * 24 * 60 * 60;

#[tokio::test]
async fn a_new_todo_is_open_and_can_be_read() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Groceries").await;
    let mut request = create(&list.name, "milk");
    request.todo.as_mut().unwrap().notes = "two\nlitres".into();
    let todo = alice.create(request).await.unwrap();
    assert_eq!((todo.title.as_str(), todo.notes.as_str(), todo.state()), ("milk", "two\nlitres", State::Open));
    assert_eq!(todo.creator, format!("users/{}", alice.id));
    assert_eq!(todo.create_time, todo.update_time);
    assert_eq!((todo.complete_time, todo.delete_time, todo.purge_time), (None, None, None));
    assert_eq!(alice.get(&todo.name).await.unwrap(), todo);
}

#[tokio::test]
async fn what_the_service_decides_cannot_be_set_by_a_client() {
    let world = World::new().await;
    let mut alice = world.user();
    let mut request = create("lists/inbox", "milk");
    let todo = request.todo.as_mut().unwrap();
    todo.set_state(State::Completed);
    todo.creator = format!("users/{}", world.id());
    let past = Some(prost_types::Timestamp { seconds: 1, nanos: 0 });
    (todo.create_time, todo.update_time, todo.complete_time) = (past, past, past);
    (todo.delete_time, todo.purge_time) = (past, past);
    let made = alice.create(request).await.unwrap();
    assert_eq!(made.state(), State::Open);
    assert_eq!(made.creator, format!("users/{}", alice.id));
    assert!(made.create_time.unwrap().seconds > 1);
    assert_eq!((made.complete_time, made.delete_time, made.purge_time), (None, None, None));
}

#[tokio::test]
async fn completing_twice_changes_nothing_the_second_time() {
    let world = World::new().await;
    let mut alice = world.user();
    let open = alice.todo("lists/inbox", "milk").await;
    let completed = alice.complete(&open.name, "").await.unwrap();
    assert_eq!(completed.state(), State::Completed);
    assert_eq!(completed.complete_time, completed.update_time);
    assert_ne!(completed.etag, open.etag);
    let inbox = alice.get_list("lists/inbox").await.unwrap();
    assert_eq!(alice.complete(&open.name, "").await.unwrap(), completed);
    assert_eq!(alice.get_list("lists/inbox").await.unwrap(), inbox, "not even the revision");
}

#[tokio::test]
async fn reopening_an_open_todo_changes_nothing() {
    let world = World::new().await;
    let mut alice = world.user();
    let open = alice.todo("lists/inbox", "milk").await;
    assert_eq!(alice.reopen(&open.name, "").await.unwrap(), open);
    alice.complete(&open.name, "").await.unwrap();
    let reopened = alice.reopen(&open.name, "").await.unwrap();
    assert_eq!((reopened.state(), reopened.complete_time), (State::Open, None));
    assert_eq!(alice.reopen(&open.name, "").await.unwrap(), reopened);
}

#[tokio::test]
async fn a_deleted_todo_can_be_read_for_thirty_days_and_nothing_else() {
    let world = World::new().await;
    let mut alice = world.user();
    let todo = alice.todo("lists/inbox", "milk").await;
    let deleted = alice.delete(&todo.name, "").await.unwrap();
    let (gone, purged) = (deleted.delete_time.unwrap(), deleted.purge_time.unwrap());
    assert_eq!(purged.seconds - gone.seconds, THIRTY_DAYS);
    assert_ne!(deleted.etag, todo.etag);
    assert_eq!(alice.get(&todo.name).await.unwrap(), deleted);
    assert_eq!(alice.page("lists/inbox", 0, "").await.unwrap().todos, []);
    assert_eq!(alice.get_list("lists/inbox").await.unwrap().todo_count, 0);
    for refused in every_change(&mut alice, &todo.name).await {
        assert_eq!(why(&refused), (Code::NotFound, "NOT_FOUND".into()));
    }
}

/// What each change of the todo is refused with.
async fn every_change(user: &mut User, name: &str) -> Vec<Status> {
    let edit = wire::Todo { name: name.into(), title: "stolen".into(), ..Default::default() };
    vec![
        user.update(edit, None).await.unwrap_err(),
        user.complete(name, "").await.unwrap_err(),
        user.reopen(name, "").await.unwrap_err(),
        user.delete(name, "").await.unwrap_err(),
    ]
}

/// What everything that names the todo or its list is refused with.
async fn every_call(user: &mut User, list: &str, name: &str) -> Vec<Status> {
    let mut refusals = every_change(user, name).await;
    refusals.push(user.get(name).await.unwrap_err());
    refusals.push(user.create(create(list, "intruder")).await.unwrap_err());
    refusals.push(user.page(list, 0, "").await.unwrap_err());
    refusals.push(user.get_list(list).await.unwrap_err());
    refusals
}

#[tokio::test]
async fn a_todo_of_somebody_else_is_not_found_as_if_it_did_not_exist() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("Private").await.name;
    let todo = alice.todo(&list, "secret").await;
    bob.todo("lists/inbox", "he has a list of his own").await;
    let missing_list = format!("lists/{}", world.id());
    let missing = format!("{missing_list}/todos/{}", world.id());
    let foreign_answers = every_call(&mut bob, &list, &todo.name).await;
    let missing_answers = every_call(&mut bob, &missing_list, &missing).await;
    for (foreign, absent) in foreign_answers.iter().zip(&missing_answers) {
        let swap = |text: &str| text.replace(&todo.name, &missing).replace(&list, &missing_list);
        assert_eq!(why(foreign), (Code::NotFound, "NOT_FOUND".into()));
        assert_eq!(swap(foreign.message()), absent.message());
        assert_eq!(swap(&String::from_utf8_lossy(foreign.details())), String::from_utf8_lossy(absent.details()));
    }
    assert_eq!(alice.get(&todo.name).await.unwrap(), todo);
}

#[tokio::test]
async fn a_missing_todo_of_ones_own_list_is_not_found() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Groceries").await;
    let missing = format!("{}/todos/{}", list.name, world.id());
    let refused = alice.get(&missing).await.unwrap_err();
    assert_eq!(metadata(&refused, "resource"), missing);
    for refused in every_change(&mut alice, &missing).await {
        assert_eq!(why(&refused), (Code::NotFound, "NOT_FOUND".into()));
    }
}

#[tokio::test]
async fn a_viewer_reads_and_cannot_write() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("Shared").await;
    let todo = alice.todo(&list.name, "milk").await;
    world.admit(&bob, &list, "viewer").await;
    assert_eq!(bob.get(&todo.name).await.unwrap(), todo);
    assert_eq!(bob.page(&list.name, 0, "").await.unwrap().todos, std::slice::from_ref(&todo));
    let refused = bob.create(create(&list.name, "more")).await.unwrap_err();
    assert_eq!(why(&refused), (Code::PermissionDenied, "ROLE_INSUFFICIENT".into()));
    for refused in every_change(&mut bob, &todo.name).await {
        assert_eq!(why(&refused), (Code::PermissionDenied, "ROLE_INSUFFICIENT".into()));
    }
    assert_eq!(alice.get(&todo.name).await.unwrap(), todo);
}

#[tokio::test]
async fn an_editor_writes() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("Shared").await;
    let todo = alice.todo(&list.name, "milk").await;
    world.admit(&bob, &list, "editor").await;
    assert_eq!(bob.complete(&todo.name, "").await.unwrap().creator, format!("users/{}", alice.id));
    assert_eq!(bob.todo(&list.name, "more").await.creator, format!("users/{}", bob.id));
}

#[tokio::test]
async fn a_full_list_takes_no_more_until_a_todo_is_deleted() {
    let world = World::with(|limits| limits.todos_per_list = 3).await;
    let mut alice = world.user();
    let mut last = alice.todo("lists/inbox", "one").await;
    for title in ["two", "three"] {
        last = alice.todo("lists/inbox", title).await;
    }
    let refused = alice.create(create("lists/inbox", "four")).await.unwrap_err();
    assert_eq!(why(&refused), (Code::ResourceExhausted, "QUOTA_EXCEEDED".into()));
    assert_eq!(metadata(&refused, "limit"), "3");
    alice.complete(&last.name, "").await.unwrap();
    alice.create(create("lists/inbox", "four")).await.expect_err("completed todos count");
    alice.delete(&last.name, "").await.unwrap();
    alice.todo("lists/inbox", "four").await;
}

#[tokio::test]
async fn bad_fields_of_a_todo_are_refused_together() {
    let world = World::new().await;
    let mut alice = world.user();
    let todo = wire::Todo {
        name: "lists/inbox/todos/1".into(),
        title: String::new(),
        notes: "\0".into(),
        etag: "e".repeat(65),
        ..Default::default()
    };
    let request = wire::CreateTodoRequest {
        parent: "lists/-".into(),
        todo: Some(todo.clone()),
        todo_id: "x".into(),
        request_id: "y".into(),
    };
    let refused = alice.create(request).await.unwrap_err();
    assert_eq!(why(&refused), (Code::InvalidArgument, "FIELD_INVALID".into()));
    let all = ["parent", "request_id", "todo.etag", "todo.name", "todo.notes", "todo.title", "todo_id"];
    assert_eq!(violations(&refused), all);

    let refused = alice.update(todo, Some(&["title"])).await.unwrap_err();
    assert_eq!(violations(&refused), ["todo.etag", "todo.name", "todo.notes", "todo.title"]);

    let refused = alice.complete("lists/x/todos/y", &"e".repeat(65)).await.unwrap_err();
    assert_eq!(violations(&refused), ["etag", "name"]);

    let refused = alice.page("users/1", -1, &"t".repeat(32_769)).await.unwrap_err();
    assert_eq!(violations(&refused), ["page_size", "page_token", "parent"]);
}

#[tokio::test]
async fn texts_of_the_greatest_length_are_kept_as_they_are() {
    let world = World::new().await;
    let mut alice = world.user();
    let mut request = create("lists/inbox", &"𝄞".repeat(500));
    request.todo.as_mut().unwrap().notes = "ж".repeat(10_000);
    let todo = alice.create(request.clone()).await.unwrap();
    assert_eq!(todo.title, "𝄞".repeat(500));
    assert_eq!(todo.notes, "ж".repeat(10_000));
    request.todo.as_mut().unwrap().title.push('x');
    request.todo.as_mut().unwrap().notes.push('x');
    assert_eq!(violations(&alice.create(request).await.unwrap_err()), ["todo.notes", "todo.title"]);
}

#[tokio::test]
async fn a_name_in_upper_case_is_no_name() {
    let world = World::new().await;
    let mut alice = world.user();
    let todo = alice.todo("lists/inbox", "milk").await;
    let loud = todo.name.replace(|c: char| c.is_ascii_hexdigit() && c.is_ascii_lowercase(), "A");
    assert_eq!(violations(&alice.get(&loud).await.unwrap_err()), ["name"]);
}
