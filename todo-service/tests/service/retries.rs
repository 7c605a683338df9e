use proto::todo::v1 as wire;
use tokio::task::JoinSet;
use tonic::Code;
use uuid::Uuid;

use crate::support::world::{World, create, metadata, why};

fn with_request_id(parent: &str, title: &str, id: Uuid) -> wire::CreateTodoRequest {
    wire::CreateTodoRequest { request_id: id.to_string(), ..create(parent, title) }
}

fn with_todo_id(parent: &str, title: &str, id: Uuid) -> wire::CreateTodoRequest {
    wire::CreateTodoRequest { todo_id: id.to_string(), ..create(parent, title) }
}

#[tokio::test]
async fn a_repeated_request_id_gives_the_todo_as_it_is_now() {
    let world = World::new().await;
    let mut alice = world.user();
    let request = with_request_id("lists/inbox", "milk", world.id());
    let first = alice.create(request.clone()).await.unwrap();
    assert_eq!(alice.create(request.clone()).await.unwrap(), first);
    let edit = wire::Todo { title: "bread".into(), ..first.clone() };
    let edited = alice.update(edit, Some(&["title"])).await.unwrap();
    assert_eq!(alice.create(request.clone()).await.unwrap(), edited);
    let deleted = alice.delete(&first.name, "").await.unwrap();
    assert_eq!(alice.create(request).await.unwrap(), deleted);
    assert_eq!(alice.get_list("lists/inbox").await.unwrap().todo_count, 0);
}

#[tokio::test]
async fn a_repeated_todo_id_gives_the_todo_as_it_is_now() {
    let world = World::new().await;
    let mut alice = world.user();
    let id = world.id();
    let request = with_todo_id("lists/inbox", "milk", id);
    let first = alice.create(request.clone()).await.unwrap();
    assert!(first.name.ends_with(&format!("/todos/{id}")));
    let completed = alice.complete(&first.name, "").await.unwrap();
    assert_eq!(alice.create(request).await.unwrap(), completed);
}

#[tokio::test]
async fn an_id_with_another_body_is_taken() {
    let world = World::new().await;
    let mut alice = world.user();
    let id = world.id();
    for with_id in [with_request_id, with_todo_id] {
        alice.create(with_id("lists/inbox", "milk", id)).await.unwrap();
        let mut other_notes = with_id("lists/inbox", "milk", id);
        other_notes.todo.as_mut().unwrap().notes = "more".into();
        for other in [with_id("lists/inbox", "bread", id), other_notes] {
            let refused = alice.create(other).await.unwrap_err();
            assert_eq!(why(&refused), (Code::AlreadyExists, "ID_TAKEN".into()));
            assert_eq!(metadata(&refused, "id"), id.to_string());
        }
    }
}

#[tokio::test]
async fn a_request_id_with_another_todo_id_is_taken() {
    let world = World::new().await;
    let mut alice = world.user();
    let request = with_request_id("lists/inbox", "milk", world.id());
    alice.create(request.clone()).await.unwrap();
    let other = wire::CreateTodoRequest { todo_id: world.id().to_string(), ..request };
    assert_eq!(why(&alice.create(other).await.unwrap_err()), (Code::AlreadyExists, "ID_TAKEN".into()));
}

#[tokio::test]
async fn a_request_id_counts_in_one_list_only() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Groceries").await;
    let id = world.id();
    let here = alice.create(with_request_id("lists/inbox", "milk", id)).await.unwrap();
    let there = alice.create(with_request_id(&list.name, "bread", id)).await.unwrap();
    assert_ne!(here.name, there.name);
}

#[tokio::test]
async fn a_request_id_counts_for_one_caller_only() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("Shared").await;
    world.admit(&bob, &list, "editor").await;
    let id = world.id();
    let hers = alice.create(with_request_id(&list.name, "milk", id)).await.unwrap();
    let his = bob.create(with_request_id(&list.name, "milk", id)).await.unwrap();
    assert_ne!(hers.name, his.name);
}

#[tokio::test]
async fn a_todo_id_of_another_member_is_taken() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("Shared").await;
    world.admit(&bob, &list, "editor").await;
    let request = with_todo_id(&list.name, "milk", world.id());
    alice.create(request.clone()).await.unwrap();
    assert_eq!(why(&bob.create(request).await.unwrap_err()), (Code::AlreadyExists, "ID_TAKEN".into()));
}

#[tokio::test]
async fn many_repeats_at_once_make_one_todo() {
    let world = World::new().await;
    let mut alice = world.user();
    let request = with_request_id("lists/inbox", "milk", world.id());
    let mut calls = JoinSet::new();
    for _ in 0..16 {
        let (mut alice, request) = (alice.clone(), request.clone());
        calls.spawn(async move { alice.create(request).await.unwrap() });
    }
    let mut todos = calls.join_all().await;
    todos.dedup();
    assert_eq!(todos.len(), 1);
    assert_eq!(alice.get_list("lists/inbox").await.unwrap().todo_count, 1);
}

#[tokio::test]
async fn without_an_id_each_call_makes_a_todo() {
    let world = World::new().await;
    let mut alice = world.user();
    let (one, other) = (alice.todo("lists/inbox", "milk").await, alice.todo("lists/inbox", "milk").await);
    assert_ne!(one.name, other.name);
}
