//! The proof that a cursor skips nothing: writers that commit in another order than they wrote in, replicas that number and
//! read at once, and beside them a reader that trusts a number taken at insertion, which loses events.

use std::collections::HashSet;

use auth_service::event::{Event, Kind};
use auth_service::origin::Origin;
use auth_service::store::{events, feed};
use futures_util::future::{join, join_all, join3};
use service_kit::entropy::Entropy;
use service_kit::postgres::Database;
use sqlx::{Connection, PgConnection};
use tokio::sync::watch;
use uuid::Uuid;

use super::followers;
use crate::system::{START, System};

const WRITERS: u64 = 12;
/// Of each writer.
const ACTS: usize = 40;
/// Most round trips between the insertion and the end of its transaction.
const DELAY: u8 = 8;

async fn wait(sql: &mut PgConnection, chance: &Entropy) {
    for _ in 0..chance.bytes::<1>()[0] % DELAY {
        sqlx::query("SELECT 1").execute(&mut *sql).await.unwrap();
    }
}

/// Acts one after the other, most of which are committed: returns the ids of those.
async fn write(system: &System, seed: u64) -> Vec<Uuid> {
    let (mut sql, chance, mut committed) = (system.sql().await, Entropy::seeded(seed), Vec::new());
    for act in 0..ACTS {
        let mut transaction = sql.begin().await.unwrap();
        wait(&mut transaction, &chance).await;
        let user = Uuid::from_u128(seed.into());
        let event = Event::new(Kind::LoggedOut, &Origin::default(), &chance, START).to(user).session(user);
        events::record(&mut transaction, &event).await.unwrap();
        let naive = "INSERT INTO naive (event) VALUES ($1)";
        sqlx::query(naive).bind(event.id).execute(&mut *transaction).await.unwrap();
        wait(&mut transaction, &chance).await;
        if act % 8 == 7 {
            transaction.rollback().await.unwrap();
        } else {
            transaction.commit().await.unwrap();
            committed.push(event.id);
        }
    }
    committed
}

/// Numbers events again and again, at the same time as others do.
async fn number(system: &System, committed: watch::Receiver<Option<usize>>) {
    let database = Database::new(&system.settings);
    while committed.borrow().is_none() {
        feed::number(&database).await.expect("nobody numbers what another does");
    }
}

/// What a follower is told, each with its cursor, until it is as much as was committed.
async fn follow(system: &System, mut committed: watch::Receiver<Option<usize>>) -> Vec<(i64, Uuid)> {
    let (mut stream, mut told) = (followers::watch(system, "").await.unwrap(), Vec::new());
    loop {
        let (events, cursor) = stream.numbered().await;
        told.extend(events);
        if committed.borrow_and_update().is_some_and(|count| told.len() >= count) {
            assert_eq!(told.last().map(|(cursor, _)| cursor.to_string()), Some(cursor));
            return told;
        }
    }
}

/// What a reader by `n > last` sees, who looks once more when all is committed.
async fn follow_naively(system: &System, committed: watch::Receiver<Option<usize>>) -> HashSet<Uuid> {
    let (mut sql, mut last, mut seen) = (system.sql().await, 0_i64, HashSet::new());
    loop {
        let over = committed.borrow().is_some();
        let query = sqlx::query_as("SELECT n, event FROM naive WHERE n > $1 ORDER BY n").bind(last);
        for (n, event) in query.fetch_all(&mut sql).await.unwrap() {
            last = n;
            seen.insert(event);
        }
        if over {
            return seen;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_follower_of_every_replica_is_told_every_event_once_in_one_order_where_a_naive_cursor_loses_some() {
    let system = System::start().await;
    let replicas = [system.replica().await, system.replica().await, system];
    let naive = "CREATE TABLE naive (n bigserial, event uuid)";
    sqlx::raw_sql(naive).execute(&mut replicas[0].sql().await).await.unwrap();
    let over = watch::Sender::new(None);
    let writing = async {
        let committed: Vec<_> = join_all((0..WRITERS).map(|seed| write(&replicas[0], seed))).await.concat();
        over.send_replace(Some(committed.len()));
        committed
    };
    let following = join_all(replicas.iter().map(|replica| follow(replica, over.subscribe())));
    let naively = follow_naively(&replicas[0], over.subscribe());
    let numbering = join_all((0..4).map(|_| number(&replicas[0], over.subscribe())));
    let (committed, (told, seen), _) = join3(writing, join(following, naively), numbering).await;

    let numbers = 1..=i64::try_from(committed.len()).unwrap();
    assert!(told[0].iter().map(|(cursor, _)| *cursor).eq(numbers), "numbers have no gaps");
    assert!(told.iter().all(|followed| *followed == told[0]), "followers differ");
    let committed: HashSet<_> = committed.into_iter().collect();
    assert_eq!(told[0].iter().map(|(_, id)| *id).collect::<HashSet<_>>(), committed);
    assert!(seen.len() < committed.len(), "the naive reader loses nothing: this test proves nothing");
}
