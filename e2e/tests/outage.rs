//! The database goes away and comes back, and the services say so and recover by themselves.

use std::time::{Duration, Instant};

use e2e::probes::get;
use e2e::refusal::told;
use e2e::{System, eventually};
use local_postgres::Cluster;
use proto::auth::v1::GetUserRequest;
use proto::todo::v1::GetTodoRequest;
use service_kit::clock::Clock;
use time::macros::datetime;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// A pair on a Postgres of its own, which the test may stop.
async fn system_of_its_own() -> System {
    let cluster = Box::leak(Box::new(Cluster::private().await.unwrap()));
    System::with(cluster, Clock::system()).await
}

async fn health(channel: &Channel, service: &str) -> ServingStatus {
    let request = HealthCheckRequest { service: service.to_owned() };
    HealthClient::new(channel.clone()).check(request).await.unwrap().into_inner().status()
}

async fn both_are(system: &System, status: ServingStatus) {
    for (address, service) in
        [(system.auth.address, "auth.v1.AuthService"), (system.todo.address, "todo.v1.TodoService")]
    {
        let channel = system.channel(address, "client");
        for name in ["", service] {
            eventually(&format!("{name} is {status:?}"), async || health(&channel, name).await == status).await;
        }
    }
}

/// Within two seconds: the time that a caller waits is asserted, not only the answer.
async fn unavailable_in_time<T>(call: impl Future<Output = Result<T, Status>>) {
    let begun = Instant::now();
    let status = call.await.map(drop).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(told(&status), (Code::Unavailable, "DATABASE_UNAVAILABLE".to_owned()), "{status:?}");
}

#[tokio::test]
async fn without_its_database_a_service_says_so_at_once_and_recovers_by_itself() {
    let system = system_of_its_own().await;
    let mut alice = system.user("alice").await.client;
    let name = alice.create_todo("kept").await.unwrap().name;
    both_are(&system, ServingStatus::Serving).await;
    for round in 0..2 {
        if round == 0 {
            system.cluster.stop_immediate().await.unwrap();
        } else {
            system.cluster.kill_hard().await.unwrap();
        }
        // The first call may meet a connection that was lost under it: for a read that is known to have no effect.
        unavailable_in_time(alice.todos.get_todo(GetTodoRequest { name: name.clone() })).await;
        unavailable_in_time(alice.users.get_user(GetUserRequest { name: "users/me".to_owned() })).await;
        unavailable_in_time(alice.log_in("alice", "any password of some length")).await;
        unavailable_in_time(alice.create_todo("not kept")).await;
        both_are(&system, ServingStatus::NotServing).await;
        system.cluster.start().await.unwrap();
        both_are(&system, ServingStatus::Serving).await;
        let kept = alice.todos.get_todo(GetTodoRequest { name: name.clone() }).await.unwrap().into_inner();
        assert_eq!(kept.title, "kept");
        alice.create_todo("kept too").await.unwrap();
    }
}

#[tokio::test]
async fn a_database_that_hangs_is_out_of_reach() {
    let system = system_of_its_own().await;
    let mut alice = system.user("alice").await.client;
    both_are(&system, ServingStatus::Serving).await;
    system.cluster.pause().unwrap();
    both_are(&system, ServingStatus::NotServing).await;
    unavailable_in_time(alice.users.get_user(GetUserRequest { name: "users/me".to_owned() })).await;
    unavailable_in_time(alice.create_todo("not now")).await;
    system.cluster.resume().unwrap();
    both_are(&system, ServingStatus::Serving).await;
    alice.create_todo("now").await.unwrap();
}

#[tokio::test]
async fn todo_service_starts_without_auth_service_and_takes_tokens_when_it_is_there() {
    // The pair starts todo-service while auth-service has bound its port and does not serve yet; what a caller sees until the
    // keys are there is UNAVAILABLE, never an invalid token.
    let system = System::start().await;
    let mut alice = system.user("alice").await.client;
    match alice.create_todo("early").await {
        Ok(_) => {}
        Err(status) => assert_eq!(told(&status), (Code::Unavailable, "AUTH_UNAVAILABLE".to_owned())),
    }
    eventually("the keys are there", async || alice.clone().create_todo("later").await.is_ok()).await;
}

#[tokio::test]
async fn a_feed_that_is_not_heard_shows_in_health_and_metrics_and_the_service_goes_on() {
    let clock = Clock::manual(datetime!(2026-11-21 12:00 UTC));
    let system = System::with(Cluster::throwaway().await.unwrap(), clock.clone()).await;
    let mut alice = system.user("alice").await.client;
    let channel = system.channel(system.todo.address, "client");
    eventually("it is heard", async || health(&channel, "auth-feed").await == ServingStatus::Serving).await;
    let probes = system.todo.probes;
    system.auth.stop().await.unwrap();
    clock.advance(Duration::from_secs(11));
    eventually("it is missed", async || health(&channel, "auth-feed").await == ServingStatus::NotServing).await;
    assert_eq!(health(&channel, "").await, ServingStatus::Serving, "nothing else depends on it");
    let (_, metrics) = get(probes, "/metrics").await.unwrap();
    assert!(metrics.contains("\nauth_feed_age_seconds 11.0\n"), "{metrics}");
    alice.create_todo("by what is known").await.unwrap();
}
