//! What goes on beside the writers, until all is written.

use std::time::Duration;

use service_kit::postgres::Database;
use sqlx::PgConnection;
use time::OffsetDateTime;
use time::macros::datetime;
use todo_service::store::purges;
use tokio::sync::watch;
use tokio::time::interval;

/// When everything that is deleted is over.
const END: OffsetDateTime = datetime!(2100-01-01 0:00 UTC);

/// Purges what is deleted, as soon as it is, and says how many todos.
pub(crate) async fn purge(database: Database, over: watch::Receiver<bool>) -> usize {
    let (mut tick, mut purged) = (interval(Duration::from_millis(100)), 0);
    while !*over.borrow() {
        tick.tick().await;
        let batch = database.transaction(|c| Box::pin(async move { purges::todos(c, END, 5).await }));
        purged += usize::try_from(batch.await.unwrap()).unwrap();
    }
    purged
}

/// Cuts off whoever listens, again and again, and says how often.
pub(crate) async fn cut_listeners(mut admin: PgConnection, over: watch::Receiver<bool>) -> usize {
    let (mut tick, mut cuts) = (interval(Duration::from_millis(150)), 0);
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    while !*over.borrow() {
        tick.tick().await;
        cuts += sqlx::query(cut).fetch_all(&mut admin).await.unwrap().len();
    }
    cuts
}
