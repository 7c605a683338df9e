//! Clients that go away at a random moment.

use std::time::Duration;

use e2e::{System, eventually};
use proto::todo::v1::{CreateTodoRequest, GetTodoRequest, Todo};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::timeout;

const CANCELS: usize = 1_000;
/// At once, so that cancelled and kept calls meet on the same connections.
const CALLERS: usize = 8;

#[tokio::test]
async fn a_thousand_cancelled_calls_leave_no_open_transaction_and_lose_no_acknowledged_write() {
    let system = System::start().await;
    let alice = system.user("alice").await.client;
    let mut callers = tokio::task::JoinSet::new();
    for seed in 0..CALLERS {
        let mut client = alice.clone();
        callers.spawn(async move {
            let mut rng = StdRng::seed_from_u64(seed as u64);
            let mut acknowledged = Vec::new();
            for number in 0..CANCELS / CALLERS {
                let title = format!("cancelled {seed} {number}");
                let moment = Duration::from_micros(rng.random_range(0..4_000));
                if let Ok(Ok(todo)) = timeout(moment, client.create_todo(&title)).await {
                    acknowledged.push(todo);
                }
                acknowledged.push(client.create_todo(&format!("kept {seed} {number}")).await.unwrap());
            }
            acknowledged
        });
    }
    let acknowledged: Vec<Todo> = callers.join_all().await.into_iter().flatten().collect();
    assert!(acknowledged.len() >= CANCELS);
    let mut reader = alice.clone();
    for todo in acknowledged {
        let name = todo.name.clone();
        assert_eq!(reader.todos.get_todo(GetTodoRequest { name }).await.unwrap().into_inner(), todo);
    }
    let mut admin = system.admin().await;
    let open = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()";
    eventually("no transaction is left open", async || {
        sqlx::query_scalar::<_, i64>(open).fetch_one(&mut admin).await.unwrap() == 0
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_create_that_is_repeated_makes_one_todo() {
    let system = System::start().await;
    let mut alice = system.user("alice").await.client;
    let mut rng = StdRng::seed_from_u64(7);
    for number in 0..100_u128 {
        let todo = Some(Todo { title: format!("todo {number}"), ..Todo::default() });
        let request_id = uuid::Builder::from_random_bytes(rng.random()).into_uuid().to_string();
        let request = CreateTodoRequest { parent: "lists/inbox".to_owned(), todo, request_id, ..Default::default() };
        let moment = Duration::from_micros(rng.random_range(0..4_000));
        let _ = timeout(moment, alice.todos.create_todo(request.clone())).await;
        let first = alice.todos.create_todo(request.clone()).await.unwrap().into_inner();
        assert_eq!(alice.todos.create_todo(request).await.unwrap().into_inner(), first);
    }
    let count = "SELECT count(*) FROM todo.todos";
    let made: i64 = sqlx::query_scalar(count).fetch_one(&mut system.admin().await).await.unwrap();
    assert_eq!(made, 100);
}
