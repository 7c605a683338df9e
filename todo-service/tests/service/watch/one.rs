//! One list.

use tonic::Code;

use super::RENAME;
use crate::support::world::{World, why};

#[tokio::test]
async fn from_nothing_the_list_and_its_todos_are_told_and_then_that_nothing_is_missing() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    alice.todo(&list.name, "milk").await;
    let gone = alice.todo(&list.name, "gone").await;
    alice.todo(&list.name, "tea").await;
    alice.delete(&gone.name, "").await.unwrap();
    let mut watching = alice.watch(&list.name, "").await.unwrap();
    assert_eq!(watching.catch_up().await, ["reset", "[Errands], milk, tea"]);
}

#[tokio::test]
async fn a_change_is_told_when_it_happens_with_the_todo_as_it_then_is() {
    let world = World::new().await;
    let mut alice = world.user();
    let mut watching = alice.watch_from_now("lists/inbox").await;
    let todo = alice.todo("lists/inbox", "milk").await;
    assert_eq!(watching.next().await, "milk");
    alice.delete(&todo.name, "").await.unwrap();
    assert_eq!(watching.next().await, "-milk");
}

#[tokio::test]
async fn a_change_at_one_replica_is_told_at_the_other() {
    let [here, there] = World::replicas().await;
    let mut alice = here.user();
    let mut watching = there.user_with_id(alice.id).watch_from_now("lists/inbox").await;
    let since = std::time::Instant::now();
    alice.todo("lists/inbox", "milk").await;
    assert_eq!(watching.next().await, "milk");
    assert!(since.elapsed() < std::time::Duration::from_secs(2), "by the bell, before it would look by itself");
}

#[tokio::test]
async fn who_may_only_read_may_watch() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("Errands").await;
    world.admit(&bob, &list, "viewer").await;
    let mut watching = bob.watch_from_now(&list.name).await;
    alice.todo(&list.name, "milk").await;
    assert_eq!(watching.next().await, "milk");
}

#[tokio::test]
async fn from_the_token_of_any_message_nothing_is_told_twice_and_nothing_is_left_out() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    for number in 0..120 {
        alice.todo(&list.name, &number.to_string()).await;
    }
    let (mut token, mut told) = (String::new(), Vec::new());
    loop {
        let mut watching = alice.watch(&list.name, &token).await.unwrap();
        let said = watching.next().await;
        token = watching.token;
        if said == "bookmark" {
            break;
        }
        told.push(said);
    }
    let numbers = (0..120).map(|number| number.to_string());
    let expected: Vec<_> = ["reset".to_owned(), "[Errands]".to_owned()].into_iter().chain(numbers).collect();
    assert_eq!(told.join(", ").split(", ").collect::<Vec<_>>(), expected);
    assert_eq!(told.len(), 4, "the reset, and pages of 50");
}

#[tokio::test]
async fn the_token_of_a_list_that_was_read_goes_on_from_there() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    alice.todo(&list.name, "read before").await;
    let id = todo_service::list::ListId::new(list.name.trim_start_matches("lists/").parse().unwrap());
    let read = [(id, todo_service::revision::Revision::new(1))].into_iter().collect();
    let token = world.sync_tokens.seal(alice.id, todo_service::todo::Parent::One(id), &read);
    alice.todo(&list.name, "new").await;
    let mut watching = alice.watch(&list.name, &token).await.unwrap();
    assert_eq!(watching.catch_up().await, ["new"]);
}

#[tokio::test]
async fn a_change_of_the_list_itself_comes_among_the_todos_in_its_turn() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    let watching = alice.watch_from_now(&list.name).await;
    alice.todo(&list.name, "before").await;
    world.execute(RENAME, &list).await;
    alice.todo(&list.name, "after").await;
    let mut watching = alice.watch(&list.name, &watching.token).await.unwrap();
    assert_eq!(watching.catch_up().await, ["before, [Renamed], after"]);
    world.execute(RENAME, &list).await;
    assert_eq!(watching.next().await, "[Renamed]");
}

#[tokio::test]
async fn a_change_of_the_list_itself_waits_for_the_page_where_it_belongs() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    let watching = alice.watch_from_now(&list.name).await;
    for _ in 0..60 {
        alice.todo(&list.name, "x").await;
    }
    world.execute(RENAME, &list).await;
    let mut watching = alice.watch(&list.name, &watching.token).await.unwrap();
    assert_eq!(watching.catch_up().await, [["x"; 50].join(", "), ["x"; 10].join(", ") + ", [Renamed]"]);
}

#[tokio::test]
async fn what_was_moved_to_another_list_is_gone_from_this_one() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    alice.todo(&list.name, "milk").await;
    let mut watching = alice.watch_from_now(&list.name).await;
    let moved = "WITH list AS (UPDATE todo.lists SET revision = revision + 1 WHERE id = $1 RETURNING *)
                 UPDATE todo.todos t SET moved_to = t.list_id, revision = l.revision, delete_time = now(), purge_time = now()
                 FROM list l WHERE t.list_id = l.id";
    world.execute(moved, &list).await;
    assert_eq!(watching.next().await, "removed");
    let mut anew = alice.watch(&list.name, "").await.unwrap();
    assert_eq!(anew.catch_up().await, ["reset", "[Errands]"]);
}

#[tokio::test]
async fn of_several_changes_of_a_todo_the_last_one_is_told() {
    let world = World::new().await;
    let mut alice = world.user();
    let watching = alice.watch_from_now("lists/inbox").await;
    let mut todo = alice.todo("lists/inbox", "first").await;
    alice.todo("lists/inbox", "second").await;
    todo.title = "changed".into();
    todo.etag.clear();
    alice.update(todo, Some(&["title"])).await.unwrap();
    let mut watching = alice.watch("lists/inbox", &watching.token).await.unwrap();
    assert_eq!(watching.catch_up().await, ["second, changed"]);
}

#[tokio::test]
async fn a_stranger_cannot_tell_a_list_that_is_watched_from_one_that_is_not_there() {
    let world = World::new().await;
    let (mut alice, mut mallory) = (world.user(), world.user());
    let list = alice.list("Secret").await;
    let nothing = format!("lists/{}", world.id());
    let mut told = Vec::new();
    for name in [list.name, nothing] {
        let status = mallory.watch(&name, "").await.err().unwrap();
        assert_eq!(why(&status), (Code::NotFound, "NOT_FOUND".to_owned()));
        let bytes = [status.message().as_bytes(), status.details()].concat();
        told.push(String::from_utf8_lossy(&bytes).replace(&name, "NAME"));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn a_token_that_was_given_out_for_something_else_is_refused() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let token = alice.watch_from_now("lists/inbox").await.token;
    let refused = (Code::InvalidArgument, "SYNC_TOKEN_INVALID".to_owned());
    assert_eq!(why(&bob.watch("lists/inbox", &token).await.err().unwrap()), refused);
    assert_eq!(why(&alice.watch("lists/-", &token).await.err().unwrap()), refused);
    assert_eq!(why(&alice.watch("lists/inbox", "token").await.err().unwrap()), refused);
}
