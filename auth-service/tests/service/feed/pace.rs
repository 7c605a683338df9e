//! Followers that are slower than the feed, and a feed that has nothing to tell.

use proto::auth::v1::watch_security_events_response::Content;
use tonic::Code;
use uuid::Uuid;

use super::followers::watch;
use crate::plan::plan;
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
async fn of_a_long_past_only_the_deletions_of_users_are_read() {
    let system = System::start().await;
    let mut witness = watch(&system, "").await.unwrap();
    let (_, begin) = witness.all().await;
    let past = "INSERT INTO auth.events (id, at, kind, user_id, session_id, details)
                SELECT gen_random_uuid(), $1, CASE n % 100 WHEN 0 THEN 'user_deleted' ELSE 'logged_out' END,
                       gen_random_uuid(), gen_random_uuid(), '{}'
                FROM generate_series(1, 20000) n";
    sqlx::query(past).bind(START - time::Duration::DAY).execute(&mut system.sql().await).await.unwrap();
    while witness.all().await.1 != "20000" {}
    // Without a cursor for who has acknowledged nothing, and with one from before.
    for (cursor, first) in [("", "snapshot"), (&*begin, "events")] {
        let (events, cursor) = watch(&system, cursor).await.unwrap().all().await;
        assert_eq!((events.len(), cursor.as_str()), (200, "20000"), "{first}");
        assert!(events.iter().all(|event| event.user_deleted));
    }
    let mut sql = system.sql().await;
    for analyzed in [false, true] {
        if analyzed {
            sqlx::query("ANALYZE auth.events").execute(&mut sql).await.unwrap();
        }
        let [since, between, deletions] = [
            include_str!("../../../src/store/feed/since.sql"),
            include_str!("../../../src/store/feed/between.sql"),
            include_str!("../../../src/store/feed/deletions.sql"),
        ];
        for (index, statement, types, arguments) in [
            ("events_at_index", since, "timestamptz", "'2026-01-01'"),
            (
                "events_seq_key",
                between,
                "bigint, bigint, text[], timestamptz",
                "100, 200, '{logged_out}', '2026-01-01'",
            ),
            ("events_deletions_index", deletions, "bigint, bigint, bigint", "0, 20000, 1000"),
        ] {
            let plan = plan(&mut sql, statement, types, arguments).await;
            let whole = plan.contains("Seq Scan on events");
            assert!(plan.contains(index) && !whole, "{plan}");
        }
    }
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
