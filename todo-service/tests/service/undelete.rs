//! UndeleteTodo.

use proto::todo::v1 as wire;
use tonic::{Code, Status};

use crate::support::world::{User, World, create, why};

async fn undelete(user: &mut User, name: &str, etag: &str) -> Result<wire::Todo, Status> {
    let request = wire::UndeleteTodoRequest { name: name.to_owned(), etag: etag.to_owned() };
    user.todos.undelete_todo(request).await.map(tonic::Response::into_inner)
}

/// A parent and two children.
async fn family(user: &mut User) -> [wire::Todo; 3] {
    let parent = user.todo("lists/inbox", "parent").await;
    let mut child = create("lists/inbox", "child");
    child.todo.as_mut().unwrap().parent_todo.clone_from(&parent.name);
    [parent, user.create(child.clone()).await.unwrap(), user.create(child).await.unwrap()]
}

#[tokio::test]
async fn a_deleted_todo_comes_back_as_it_was_in_a_new_version() {
    let world = World::new().await;
    let mut alice = world.user();
    let todo = alice.todo("lists/inbox", "milk").await;
    let deleted = alice.delete(&todo.name, "").await.unwrap();
    let back = undelete(&mut alice, &todo.name, &deleted.etag).await.unwrap();
    assert_ne!(back.etag, deleted.etag);
    assert_eq!(wire::Todo { etag: todo.etag.clone(), update_time: todo.update_time, ..back.clone() }, todo);
    assert_eq!(alice.get(&todo.name).await.unwrap(), back);
    assert_eq!(alice.get_list("lists/inbox").await.unwrap().todo_count, 1);
}

#[tokio::test]
async fn children_come_back_with_the_parent_that_they_were_deleted_with() {
    let world = World::new().await;
    let mut alice = world.user();
    let [parent, early, late] = family(&mut alice).await;
    alice.delete(&early.name, "").await.unwrap();
    alice.delete(&parent.name, "").await.unwrap();
    assert!(alice.get(&late.name).await.unwrap().delete_time.is_some());
    undelete(&mut alice, &parent.name, "").await.unwrap();
    assert_eq!(alice.get(&late.name).await.unwrap().parent_todo, parent.name);
    assert!(alice.get(&late.name).await.unwrap().delete_time.is_none());
    assert!(alice.get(&early.name).await.unwrap().delete_time.is_some(), "it was deleted by itself");
}

#[tokio::test]
async fn a_child_without_its_parent_comes_back_as_a_todo_of_its_own() {
    let world = World::new().await;
    let mut alice = world.user();
    let [parent, child, _] = family(&mut alice).await;
    alice.delete(&parent.name, "").await.unwrap();
    assert_eq!(undelete(&mut alice, &child.name, "").await.unwrap().parent_todo, "");
    undelete(&mut alice, &parent.name, "").await.unwrap();
    assert_eq!(alice.get(&child.name).await.unwrap().parent_todo, "");
}

#[tokio::test]
async fn only_what_is_deleted_and_there_is_brought_back() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let todo = alice.todo("lists/inbox", "milk").await;
    let refused = undelete(&mut alice, &todo.name, "").await.unwrap_err();
    assert_eq!(why(&refused), (Code::AlreadyExists, "NOT_DELETED".into()));
    alice.delete(&todo.name, "").await.unwrap();
    let refused = undelete(&mut alice, &todo.name, &todo.etag).await.unwrap_err();
    assert_eq!(why(&refused), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(why(&undelete(&mut bob, &todo.name, "").await.unwrap_err()), (Code::NotFound, "NOT_FOUND".into()));

    let list = alice.list("Other").await;
    let moved = alice.todo("lists/inbox", "tea").await;
    let request =
        wire::MoveTodoRequest { name: moved.name.clone(), destination: list.name.clone(), ..Default::default() };
    alice.todos.move_todo(request).await.unwrap();
    let refused = undelete(&mut alice, &moved.name, "").await.unwrap_err();
    assert_eq!(why(&refused), (Code::NotFound, "NOT_FOUND".into()), "it went to another list");
}

#[tokio::test]
async fn a_full_list_takes_nothing_back() {
    let world = World::with(|limits| limits.todos_per_list = 3).await;
    let mut alice = world.user();
    let [parent, ..] = family(&mut alice).await;
    alice.delete(&parent.name, "").await.unwrap();
    alice.todo("lists/inbox", "new").await;
    let refused = undelete(&mut alice, &parent.name, "").await.unwrap_err();
    assert_eq!(why(&refused), (Code::ResourceExhausted, "QUOTA_EXCEEDED".into()));
}
