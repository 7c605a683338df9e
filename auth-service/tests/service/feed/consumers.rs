//! How far the services have acted that follow the feed.

use auth_service::consumers::Consumers;
use proto::auth::v1::{
    AcknowledgeEventsRequest, DeleteUserRequest, GetUserDeletionRequest, LogOutRequest, UserDeletion,
};
use service_kit::postgres::Database;
use tonic::{Code, Status};

use super::followers::watch;
use crate::system::{PASSWORD, START, System, refused, violations, with_token};

async fn acknowledge(system: &System, cursor: &str) -> Result<(), Status> {
    let request = AcknowledgeEventsRequest { cursor: cursor.to_owned() };
    system.tokens("todo-service").acknowledge_events(request).await.map(drop)
}

async fn registered(system: &System) -> Vec<(String, i64, time::OffsetDateTime)> {
    let consumers = "SELECT name, cursor, seen_at FROM auth.consumers";
    sqlx::query_as(consumers).fetch_all(&mut system.sql().await).await.unwrap()
}

/// A place in the feed behind some events.
async fn place(system: &System) -> String {
    let mut stream = watch(system, "").await.unwrap();
    let granted = system.somebody("alice").await;
    system.auth().log_out(with_token(&granted.access_token, LogOutRequest {})).await.unwrap();
    stream.event().await;
    stream.all().await.1
}

#[tokio::test]
async fn who_acknowledges_is_registered_by_the_name_in_their_certificate() {
    let system = System::start().await;
    let cursor = place(&system).await;
    acknowledge(&system, &cursor).await.unwrap();
    assert_eq!(registered(&system).await, [("todo-service".to_owned(), cursor.parse().unwrap(), START)]);
}

#[tokio::test]
async fn what_was_acknowledged_stays_so() {
    let system = System::start().await;
    let cursor = place(&system).await;
    acknowledge(&system, &cursor).await.unwrap();
    system.clock.advance(std::time::Duration::from_secs(1));
    acknowledge(&system, "0").await.unwrap();
    let seen = START + time::Duration::SECOND;
    assert_eq!(registered(&system).await, [("todo-service".to_owned(), cursor.parse().unwrap(), seen)]);
}

#[tokio::test]
async fn what_has_not_happened_cannot_be_acknowledged() {
    let system = System::start().await;
    for cursor in ["1000", "x"] {
        refused(acknowledge(&system, cursor).await, Code::InvalidArgument, "CURSOR_INVALID");
    }
    assert_eq!(violations(&acknowledge(&system, "").await.unwrap_err()), ["cursor"]);
    assert!(registered(&system).await.is_empty());
}

#[tokio::test]
async fn only_services_are_consumers() {
    let system = System::start().await;
    let request = AcknowledgeEventsRequest { cursor: "0".to_owned() };
    refused(system.tokens("client").acknowledge_events(request).await, Code::PermissionDenied, "PEER_NOT_ALLOWED");
}

#[tokio::test]
async fn a_deletion_is_in_every_snapshot_until_it_is_acknowledged_however_old_it_is() {
    let system = System::start().await;
    place(&system).await;
    let gone = system.somebody("bob").await;
    let mut witness = watch(&system, "").await.unwrap();
    witness.all().await;
    let request = DeleteUserRequest { name: "users/me".to_owned(), password: PASSWORD.to_owned() };
    system.users().delete_user(with_token(&gone.access_token, request)).await.unwrap();
    assert!(witness.event().await.user_deleted);
    system.clock.advance(std::time::Duration::from_hours(24 * 30));
    let user = gone.user.unwrap().name;
    for _ in 0..2 {
        let (events, cursor) = watch(&system, "").await.unwrap().all().await;
        let told: Vec<_> = events.iter().map(|event| (event.user.as_str(), event.user_deleted)).collect();
        assert_eq!(told, [(user.as_str(), true)], "the log-out of a month ago is of no interest: {cursor}");
    }
    let (_, cursor) = watch(&system, "").await.unwrap().all().await;
    acknowledge(&system, &cursor).await.unwrap();
    assert!(watch(&system, "").await.unwrap().all().await.0.is_empty());
}

async fn deletion(system: &System, token: &str, user: &str) -> Result<UserDeletion, Status> {
    let request = GetUserDeletionRequest { name: format!("{user}/deletion") };
    system.users().get_user_deletion(with_token(token, request)).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn an_admin_sees_which_services_still_have_data_of_a_deleted_user() {
    let system = System::start().await;
    let admin = system.admin("root").await.access_token;
    let alice = system.somebody("alice").await;
    let user = alice.user.unwrap().name;
    refused(deletion(&system, &admin, &user).await, Code::NotFound, "NOT_FOUND");
    acknowledge(&system, "0").await.unwrap();
    let mut stream = watch(&system, "").await.unwrap();
    let request = DeleteUserRequest { name: "users/me".to_owned(), password: PASSWORD.to_owned() };
    system.users().delete_user(with_token(&alice.access_token, request)).await.unwrap();
    let told = deletion(&system, &admin, &user).await.unwrap();
    assert_eq!((told.name, told.delete_time.unwrap().seconds), (format!("{user}/deletion"), START.unix_timestamp()));
    assert_eq!((told.completed_services.len(), told.residual_services), (0, vec!["todo-service".to_owned()]));
    assert!(stream.event().await.user_deleted);
    let cursor = stream.all().await.1;
    acknowledge(&system, &cursor).await.unwrap();
    let told = deletion(&system, &admin, &user).await.unwrap();
    assert_eq!((told.completed_services, told.residual_services.len()), (vec!["todo-service".to_owned()], 0));
}

#[tokio::test]
async fn only_admins_see_how_far_a_deletion_is() {
    let system = System::start().await;
    let alice = system.somebody("alice").await;
    let user = alice.user.unwrap().name;
    let answer = deletion(&system, &alice.access_token, &user).await;
    refused(answer, Code::PermissionDenied, "CALLER_NOT_ALLOWED");
    let admin = system.admin("root").await.access_token;
    system.make("root", "plain").await;
    refused(deletion(&system, &admin, &user).await, Code::PermissionDenied, "CALLER_NOT_ALLOWED");
}

#[tokio::test]
async fn a_consumer_that_was_forgotten_holds_nothing_up() {
    let system = System::start().await;
    acknowledge(&system, "0").await.unwrap();
    let consumers = Consumers::new(Database::new(&system.settings), system.clock.clone());
    assert_eq!(consumers.all().await.unwrap().len(), 1);
    assert!(consumers.forget("todo-service").await.unwrap());
    assert!(!consumers.forget("todo-service").await.unwrap());
    assert!(registered(&system).await.is_empty());
}
