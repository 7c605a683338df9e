//! Followers that are slower than the feed, and a feed that has nothing to tell.

use proto::auth::v1::watch_security_events_response::Content;
use tonic::Code;
use uuid::Uuid;

use super::followers::watch;
use crate::system::{START, System, refused};

/// Adds so many events at once, as if they had happened.
async fn happen(system: &System, count: i32) {
    let events = "INSERT INTO auth.events (id, at, kind, user_id, session_id, details)
                  SELECT gen_random_uuid(), $1, 'logged_out', gen_random_uuid(), gen_random_uuid(), '{}'
                  FROM generate_series(1, $2)";
    sqlx::query(events).bind(START).bind(count).execute(&mut system.sql().await).await.unwrap();
}

async fn ids(system: &System) -> Vec<Uuid> {
    let ids = "SELECT id FROM auth.events ORDER BY seq";
    sqlx::query_scalar(ids).fetch_all(&mut system.sql().await).await.unwrap()
}

#[tokio::test]
async fn who_reads_nothing_for_long_gets_everything_later() {
    let system = System::start().await;
    let (mut slow, mut witness) = (watch(&system, "").await.unwrap(), watch(&system, "").await.unwrap());
    slow.all().await;
    // More batches than are kept for a follower.
    for _ in 0..80 {
        happen(&system, 1).await;
        witness.event().await;
    }
    let mut told = Vec::new();
    while told.len() < 80 {
        told.extend(slow.numbered().await.0);
    }
    assert!(told.iter().map(|(number, _)| *number).eq(1..=80));
    assert!(told.into_iter().map(|(_, id)| id).eq(ids(&system).await));
}

#[tokio::test]
async fn more_events_than_fit_into_one_message_come_in_order_to_who_follows_and_who_comes_later() {
    let system = System::start().await;
    let mut stream = watch(&system, "").await.unwrap();
    stream.all().await;
    happen(&system, 2_500).await;
    let mut told = Vec::new();
    while told.len() < 2_500 {
        told.extend(stream.numbered().await.0);
    }
    assert!(told.iter().map(|(number, _)| *number).eq(1..=2_500));
    let mut later = watch(&system, "").await.unwrap();
    let mut parts = Vec::new();
    loop {
        let message = later.next().await.unwrap();
        match message.content.unwrap() {
            Content::Snapshot(part) => parts.push((part.events.len(), message.cursor, part.complete)),
            Content::Keys(_) => {}
            other => break assert!(matches!(other, Content::Bookmark(_))),
        }
    }
    let part = |events, cursor: &str, complete| (events, cursor.to_owned(), complete);
    assert_eq!(parts, [part(1_000, "", false), part(1_000, "", false), part(500, "2500", true)]);
}

#[tokio::test]
async fn a_feed_without_events_says_that_it_is_complete_again_and_again() {
    let system = System::start().await;
    let mut stream = watch(&system, "").await.unwrap();
    let (_, cursor) = stream.all().await;
    system.clock.advance(std::time::Duration::from_secs(7));
    let bookmark = loop {
        let message = stream.next().await.unwrap();
        assert!(matches!(message.content, Some(Content::Bookmark(_))), "{message:?}");
        if message.time.unwrap().seconds > START.unix_timestamp() {
            break message;
        }
    };
    assert_eq!((bookmark.time.unwrap().seconds, bookmark.cursor), (START.unix_timestamp() + 7, cursor));
}

#[tokio::test]
async fn without_a_database_nobody_can_begin_to_follow() {
    let system = System::start().await;
    watch(&system, "").await.unwrap().all().await;
    let cut_off = system.without_database();
    refused(watch(&cut_off, "").await.map(drop), Code::Unavailable, "DATABASE_UNAVAILABLE");
}
