//! A caller that goes away at any moment harms nobody: the reason why every piece of work owns its task.

mod support;

use std::pin::Pin;
use std::task::{Context, Poll};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use service_kit::postgres::{Database, Error};
use sqlx::{Connection, Executor, PgConnection};

const ROUNDS: i64 = 1_000;

/// Drives a future for `polls` polls and then drops it, as tonic does when its client cancels.
struct Abandoned<F> {
    future: Pin<Box<F>>,
    polls: u32,
}

impl<F: Future> Future for Abandoned<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.polls == 0 {
            return Poll::Ready(());
        }
        self.polls -= 1;
        self.future.as_mut().poll(context).map(drop)
    }
}

fn abandoned<F: Future>(future: F, polls: u32) -> Abandoned<F> {
    Abandoned { future: Box::pin(future), polls }
}

async fn insert(connection: &mut PgConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO public.kept VALUES ($1)").bind(id).execute(connection).await.map(drop)
}

/// Sessions that stand in a transaction that nobody will end.
async fn idle_in_transaction(admin: &mut PgConnection) -> i64 {
    let query = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()";
    sqlx::query_scalar(query).fetch_one(admin).await.unwrap()
}

async fn kept(admin: &mut PgConnection, ids: &[i64]) -> usize {
    let query = "SELECT count(*) FROM public.kept WHERE id = ANY($1)";
    let count: i64 = sqlx::query_scalar(query).bind(ids).fetch_one(admin).await.unwrap();
    usize::try_from(count).unwrap()
}

async fn ping(database: &Database) -> Result<(), Error> {
    database.read(|c| Box::pin(async move { Ok(c.ping().await?) })).await
}

#[tokio::test]
async fn a_thousand_cancelled_callers_leave_no_open_transaction_and_lose_no_acknowledged_write() {
    let (settings, mut admin) = support::database_with_table().await;
    let database = Database::new(&settings);
    let mut rng = StdRng::seed_from_u64(1);
    let mut acknowledged = Vec::new();
    for id in 0..ROUNDS {
        let work = database.transaction(move |c| Box::pin(async move { Ok::<_, Error>(insert(c, -1 - id).await?) }));
        abandoned(work, rng.random_range(0..6)).await;
        if database.write(move |c| Box::pin(async move { Ok(insert(c, id).await?) })).await.is_ok() {
            acknowledged.push(id);
        }
    }
    // Every connection is free again, so no abandoned work is still under way.
    for _ in 0..settings.database_connections.get() {
        ping(&database).await.unwrap();
    }
    assert_eq!(i64::try_from(acknowledged.len()).unwrap(), ROUNDS, "no write was refused");
    assert_eq!(kept(&mut admin, &acknowledged).await, acknowledged.len());
    support::eventually(async || idle_in_transaction(&mut admin).await == 0).await;
}

/// The control: the same callers on sqlx's own pool leave transactions open. If this fails, sqlx was mended
/// and the test above proves nothing any more.
#[tokio::test]
#[expect(clippy::disallowed_types, reason = "the control shows what the ban is for")]
async fn the_same_callers_on_a_plain_pool_leak_transactions() {
    let (settings, mut admin) = support::database_with_table().await;
    let pool: sqlx::Pool<sqlx::Postgres> =
        sqlx::pool::PoolOptions::new().max_connections(8).connect_with(settings.options()).await.unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let (mut acknowledged, mut leaked) = (Vec::new(), 0);
    for id in 0..ROUNDS {
        abandoned(pool.begin(), rng.random_range(1..6)).await;
        if insert(&mut pool.acquire().await.unwrap(), id).await.is_ok() {
            acknowledged.push(id);
        }
        leaked = leaked.max(idle_in_transaction(&mut admin).await);
    }
    let lost = acknowledged.len() - kept(&mut admin, &acknowledged).await;
    assert!(leaked > 0 && lost > 0, "{leaked} transactions were left open and {lost} acknowledged writes lost");
}

#[tokio::test]
async fn a_write_whose_connection_dies_has_an_unknown_outcome_and_a_read_a_known_one() {
    let (settings, mut admin) = support::database_with_table().await;
    let database = Database::new(&settings);
    let dies = "SELECT pg_terminate_backend(pg_backend_pid())";
    let write = database.write(move |c| Box::pin(async move { Ok(c.execute(dies).await.map(drop)?) })).await;
    assert!(matches!(write, Err(Error::Unknown)), "{write:?}");
    let read = database.read(move |c| Box::pin(async move { Ok(c.execute(dies).await.map(drop)?) })).await;
    assert!(matches!(read, Err(Error::Unavailable(_))), "{read:?}");
    ping(&database).await.unwrap();
    admin.ping().await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_fails_leaves_nothing_behind() {
    let (settings, mut admin) = support::database_with_table().await;
    let database = Database::new(&settings);
    let refused: Result<(), Error> = database
        .transaction(|c| {
            Box::pin(async move {
                insert(c, 1).await?;
                insert(c, 1).await?;
                Ok(())
            })
        })
        .await;
    assert!(matches!(refused, Err(Error::Conflict(name)) if name == "kept_pkey"));
    assert_eq!(kept(&mut admin, &[1]).await, 0);
}

#[tokio::test]
async fn work_that_panics_is_a_fault_and_its_connection_is_not_used_again() {
    let (settings, mut admin) = support::database_with_table().await;
    let database = Database::new(&settings);
    let outcome: Result<(), Error> = database
        .transaction(|c| {
            Box::pin(async move {
                insert(c, 1).await?;
                panic!("planted")
            })
        })
        .await;
    assert!(matches!(outcome, Err(Error::Panicked(_))));
    database.write(|c| Box::pin(async move { Ok(insert(c, 2).await?) })).await.unwrap();
    assert_eq!(kept(&mut admin, &[1, 2]).await, 1);
}

#[tokio::test]
async fn a_caller_waits_half_a_second_for_a_connection_and_no_longer() {
    let (mut settings, _admin) = support::database_with_table().await;
    settings.database_connections = 1.try_into().unwrap();
    let database = Database::new(&settings);
    let (started, has_started) = tokio::sync::oneshot::channel();
    let (finish, may_finish) = tokio::sync::oneshot::channel::<()>();
    let holder = database.clone();
    let hold = async move {
        started.send(()).unwrap();
        may_finish.await.unwrap();
        Ok(())
    };
    let holding = tokio::spawn(async move { holder.read(|_| Box::pin(hold)).await });
    has_started.await.unwrap();
    let waited = std::time::Instant::now();
    assert!(matches!(ping(&database).await, Err(Error::Exhausted)));
    assert!((400..2_000).contains(&waited.elapsed().as_millis()), "{:?}", waited.elapsed());
    finish.send(()).unwrap();
    holding.await.unwrap().unwrap();
    ping(&database).await.unwrap();
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_by_the_server() {
    let (mut settings, _admin) = support::database_with_table().await;
    settings.database_statement_ms = 100.try_into().unwrap();
    let database = Database::new(&settings);
    let slow = database.write(|c| Box::pin(async move { Ok(c.execute("SELECT pg_sleep(5)").await.map(drop)?) })).await;
    assert!(matches!(slow, Err(Error::Timeout(_))), "{slow:?}");
}

/// A probe notices the loss first, so no call meets a dead connection: without the shared count the first one after
/// the restart would.
#[tokio::test]
async fn connections_from_before_an_outage_are_not_used_after_it() {
    let (settings, mut admin) = support::database_with_table().await;
    let database = Database::new(&settings);
    let worker = database.sibling();
    ping(&worker).await.unwrap();
    assert!(database.probe().await);
    let every = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'todo_service' AND datname = current_database()";
    admin.execute(every).await.unwrap();
    assert!(!database.probe().await, "its own connection is gone");
    assert!(database.probe().await, "the server is not");
    ping(&worker).await.unwrap();
}
