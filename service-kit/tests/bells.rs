//! The bells: after every write of this process, and at NOTIFY from another. No hint is lost for good.

mod support;

use std::time::Duration;

use service_kit::postgres::{self, Database, Error};
use sqlx::{Executor, PgConnection};
use tokio::sync::watch;
use tokio::time::timeout;

async fn rings(bell: &mut watch::Receiver<()>) {
    timeout(Duration::from_secs(10), bell.changed()).await.expect("it rings").unwrap();
}

async fn insert(c: &mut PgConnection, id: i64) -> Result<(), Error> {
    sqlx::query("INSERT INTO public.kept VALUES ($1)").bind(id).execute(c).await?;
    Ok(())
}

#[tokio::test]
async fn a_write_rings_for_siblings_once_it_can_be_read_and_a_read_does_not() {
    let (settings, mut admin) = support::database_with_table().await;
    let database = Database::new(&settings);
    let mut bell = database.sibling().commits();
    database.read(|c| Box::pin(async move { Ok(c.execute("SELECT 1").await.map(drop)?) })).await.unwrap();
    assert!(!bell.has_changed().unwrap());
    for id in [1, 2] {
        if id == 1 {
            database.write(move |c| Box::pin(insert(c, id))).await.unwrap();
        } else {
            database.transaction(move |c| Box::pin(insert(c, id))).await.unwrap();
        }
        rings(&mut bell).await;
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM public.kept").fetch_one(&mut admin).await.unwrap();
        assert_eq!(kept, id);
    }
}

#[tokio::test]
async fn a_listener_rings_when_it_begins_when_it_is_told_and_when_it_may_have_missed_something() {
    let (settings, mut admin) = support::database_with_table().await;
    let bell = watch::Sender::new(());
    let mut rung = bell.subscribe();
    let listening = tokio::spawn(async move { postgres::listen(&settings, "door", bell).await });
    rings(&mut rung).await;
    admin.execute("NOTIFY door").await.unwrap();
    rings(&mut rung).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    admin.execute(cut).await.unwrap();
    rings(&mut rung).await;
    support::eventually(async || {
        admin.execute("NOTIFY door").await.unwrap();
        rung.has_changed().unwrap()
    })
    .await;
    listening.abort();
}
