//! Real processes and the signals that end them.

use std::time::{Duration, Instant};

use e2e::process::command;
use e2e::{Client, Fleet, User};
use proto::todo::v1::{GetTodoRequest, Todo};
use rustix::process::Signal;
use tonic::Code;

/// Creates todos until the service refuses, and returns those that were acknowledged.
async fn load(mut client: Client, number: usize) -> Vec<Todo> {
    let mut acknowledged = Vec::new();
    for count in 0..20_000 {
        match client.create_todo(&format!("{number} {count}")).await {
            Ok(todo) => acknowledged.push(todo),
            Err(status) => {
                let expected = [Code::Unavailable, Code::Unknown, Code::Cancelled];
                assert!(expected.contains(&status.code()), "{status:?}");
                break;
            }
        }
    }
    acknowledged
}

async fn stop_under_load(signal: Signal) -> (Fleet, std::process::ExitStatus, Duration, Vec<Todo>, User) {
    let mut pair = Fleet::start(1).await.unwrap();
    let alice = pair.client(0, 0).sign_up("alice").await;
    e2e::eventually("the keys are there", async || alice.client.clone().create_todo("first").await.is_ok()).await;
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..8 {
        callers.spawn(load(alice.client.clone(), number));
    }
    let mut observer = pair.cluster.admin("postgres").await.unwrap();
    e2e::eventually("the load runs", async || {
        let busy = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'todo_service' AND state = 'active'";
        sqlx::query_scalar::<_, i64>(busy).fetch_one(&mut observer).await.unwrap() > 0
    })
    .await;
    let begun = Instant::now();
    pair.todo[0].signal(signal).unwrap();
    let status = pair.todo[0].ended().await.unwrap();
    let took = begun.elapsed();
    let acknowledged = callers.join_all().await.into_iter().flatten().collect();
    (pair, status, took, acknowledged, alice)
}

/// Starts the service again and asks for every todo that it acknowledged before.
async fn all_kept(pair: &mut Fleet, alice: &User, acknowledged: &[Todo]) {
    assert!(!acknowledged.is_empty());
    pair.restart_todo(0).await.unwrap();
    let mut alice = pair.client(0, 0).with_token(&alice.granted.access_token);
    e2e::eventually("it takes tokens", async || alice.clone().create_todo("after").await.is_ok()).await;
    for todo in acknowledged {
        let name = todo.name.clone();
        assert_eq!(&alice.todos.get_todo(GetTodoRequest { name }).await.unwrap().into_inner(), todo);
    }
}

#[tokio::test]
async fn a_term_signal_under_load_loses_no_acknowledged_write_and_ends_in_time_with_success() {
    let (mut pair, status, took, acknowledged, alice) = stop_under_load(Signal::TERM).await;
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(4), "the drain deadline is 3 s, it took {took:?}");
    all_kept(&mut pair, &alice, &acknowledged).await;
}

#[tokio::test]
async fn a_kill_signal_under_load_loses_no_acknowledged_write() {
    let (mut pair, status, _, acknowledged, alice) = stop_under_load(Signal::KILL).await;
    assert!(!status.success());
    all_kept(&mut pair, &alice, &acknowledged).await;
}

#[tokio::test]
async fn a_service_whose_port_is_taken_ends_with_a_failure() {
    let pair = Fleet::start(1).await.unwrap();
    let settings = pair.todo_settings(0);
    let ended = command("todo-service", &settings).unwrap().arg("serve").output().await.unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8(ended.stderr).unwrap().contains("cannot listen on"));
}
