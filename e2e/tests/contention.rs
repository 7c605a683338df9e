//! What a caller is told while somebody else holds what the call needs.

use std::time::Duration;

use e2e::refusal::told;
use e2e::{System, User};
use local_postgres::Cluster;
use service_kit::clock::Clock;
use sqlx::PgConnection;
use tonic::{Code, Status};

/// A system whose todo-service has one connection, a user with a todo, and somebody who holds the user's list.
async fn held() -> (System, User, PgConnection) {
    let cluster = Cluster::throwaway().await.unwrap();
    let system = System::configured(cluster, Clock::system(), |settings| {
        settings.with("WORKERS", "1").with("DATABASE_CONNECTIONS", "1").with("DATABASE_LOCK_MS", "60000")
    })
    .await;
    let mut alice = system.user("alice").await;
    alice.client.create_todo("first").await.unwrap();
    let mut holder = system.admin().await;
    sqlx::raw_sql("BEGIN; SELECT FROM todo.lists FOR UPDATE").execute(&mut holder).await.unwrap();
    (system, alice, holder)
}

/// A call that waits for the list, and the process of Postgres that it waits in.
async fn waiting(system: &System, user: &User) -> (tokio::task::JoinHandle<Result<(), Status>>, i32) {
    let mut client = user.client.clone();
    let call = tokio::spawn(async move { client.create_todo("second").await.map(drop) });
    let (mut observer, mut backend) = (system.admin().await, None);
    e2e::eventually("the call waits", async || {
        let waits = "SELECT pid FROM pg_stat_activity
                     WHERE usename = 'todo_service' AND wait_event_type = 'Lock' AND datname = current_database()";
        backend = sqlx::query_scalar(waits).fetch_optional(&mut observer).await.unwrap();
        backend.is_some()
    })
    .await;
    (call, backend.unwrap())
}

#[tokio::test]
async fn who_finds_every_connection_busy_for_half_a_second_is_told_that_nothing_was_changed() {
    let (system, alice, mut holder) = held().await;
    let (call, _) = waiting(&system, &alice).await;
    let begun = std::time::Instant::now();
    let refused = alice.client.clone().create_todo("third").await.unwrap_err();
    assert_eq!(told(&refused), (Code::ResourceExhausted, "OVERLOADED".to_owned()));
    assert!(begun.elapsed() >= Duration::from_millis(500));
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    call.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_write_whose_connection_breaks_may_or_may_not_have_happened_and_says_so() {
    let (system, alice, mut holder) = held().await;
    let (call, backend) = waiting(&system, &alice).await;
    sqlx::query("SELECT pg_terminate_backend($1)").bind(backend).execute(&mut holder).await.unwrap();
    let refused = call.await.unwrap().unwrap_err();
    assert_eq!(told(&refused), (Code::Unknown, "OUTCOME_UNKNOWN".to_owned()));
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    alice.client.clone().create_todo("third").await.unwrap();
}
