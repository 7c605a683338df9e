//! Imports that do not come to their end.

use std::time::Duration;

use proto::todo::v1 as wire;
use proto::todo::v1::import_todos_response::Content;
use service_kit::token::Revocation;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};

use super::{calendar, done, import, text, todos, vtodo};
use crate::support::world::{User, World, metadata, why};

type Requests = mpsc::Sender<wire::ImportTodosRequest>;

/// An import that has told that the first todo is made.
async fn begun(user: &mut User) -> (Requests, Streaming<wire::ImportTodosResponse>) {
    let (requests, stream) = mpsc::channel(8);
    requests.send(text("lists/inbox", &vtodo(&["UID:1@x", "SUMMARY:x"]))).await.unwrap();
    let mut answers = user.todos.import_todos(ReceiverStream::new(stream)).await.unwrap().into_inner();
    // Long before the import would end because nothing comes.
    let told = tokio::time::timeout(Duration::from_secs(20), answers.message()).await.expect("an answer");
    let told = told.unwrap().unwrap().content;
    let progress = wire::ImportProgress { created_count: 1, ..Default::default() };
    assert_eq!(told, Some(Content::Progress(progress)), "few are made when nothing more comes");
    (requests, answers)
}

#[tokio::test]
async fn what_was_told_as_made_is_there_when_the_client_goes_away() {
    let world = World::new().await;
    let mut alice = world.user();
    let (requests, answers) = begun(&mut alice).await;
    drop((requests, answers));
    assert_eq!(todos(&mut alice, "lists/inbox").await.len(), 1);
    let whole = calendar(&[&vtodo(&["UID:1@x", "SUMMARY:x"]), &vtodo(&["UID:2@x", "SUMMARY:y"])]);
    assert_eq!(import(&mut alice, vec![text("lists/inbox", &whole)]).await.unwrap(), done(1, 1), "it can be repeated");
}

#[tokio::test]
async fn a_client_that_says_nothing_is_waited_for_no_longer_than_the_limit() {
    let world = World::with(|limits| limits.import_silence_ms = 50).await;
    let mut alice = world.user();
    let (requests, mut answers) = begun(&mut alice).await;
    let refusal = answers.message().await.unwrap_err();
    assert_eq!(why(&refusal), (Code::DeadlineExceeded, "IMPORT_SILENT".to_owned()));
    assert_eq!(metadata(&refusal, "milliseconds"), "50");
    drop(requests);
}

#[tokio::test]
async fn an_import_ends_when_its_session_does() {
    let world = World::new().await;
    let mut alice = world.user();
    let (requests, mut answers) = begun(&mut alice).await;
    world.revocations.extend([(world.clock.now(), Revocation::User(alice.id))], world.clock.now());
    let refusal = answers.message().await.unwrap_err();
    assert_eq!(refusal.code(), Code::Unauthenticated);
    drop(requests);
}

#[tokio::test]
async fn an_import_ends_when_the_service_stops() {
    let world = World::new().await;
    let mut alice = world.user();
    let (requests, mut answers) = begun(&mut alice).await;
    world.stop.cancel();
    let refusal = answers.message().await.unwrap_err();
    assert_eq!(why(&refusal), (Code::Unavailable, "STOPPING".to_owned()));
    drop(requests);
}

#[tokio::test]
async fn an_import_ends_when_its_user_may_write_no_more() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("Errands").await;
    world.admit(&bob, &list, "editor").await;
    let (requests, stream) = mpsc::channel(8);
    requests.send(text(&list.name, "BEGIN:VCALENDAR\r\n")).await.unwrap();
    let mut answers = bob.todos.import_todos(ReceiverStream::new(stream)).await.unwrap().into_inner();
    sqlx::query("DELETE FROM todo.list_members WHERE user_id = $1")
        .bind(bob.id)
        .execute(&mut world.admin().await)
        .await
        .unwrap();
    requests.send(text("", &vtodo(&["UID:1@x", "SUMMARY:x"]))).await.unwrap();
    let refusal = answers.message().await.unwrap_err();
    assert_eq!(why(&refusal), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert!(todos(&mut alice, &list.name).await.is_empty());
}

#[tokio::test]
async fn an_import_without_a_message_is_malformed() {
    let world = World::new().await;
    let refusal = import(&mut world.user(), Vec::new()).await.unwrap_err();
    assert_eq!(why(&refusal), (Code::InvalidArgument, "MESSAGE_MALFORMED".to_owned()));
}

#[tokio::test]
async fn a_later_message_that_is_too_large_is_refused_as_a_first_one_is() {
    let world = World::new().await;
    let mut alice = world.user();
    let (requests, mut answers) = begun(&mut alice).await;
    requests.send(text("", &"x".repeat(70_000))).await.unwrap();
    let refusal = answers.message().await.unwrap_err();
    assert_eq!(why(&refusal), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE".to_owned()));
    assert_eq!(metadata(&refusal, "limit"), "65536");
}
