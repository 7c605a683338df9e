//! What is over is deleted in time, by one replica at a time, and through indexes alone.

use std::time::Duration;

use auth_service::housekeeping::{Housekeeping, SESSIONS_KEPT};
use proto::auth::v1::DeleteUserRequest;
use service_kit::postgres::Database;
use sqlx::{AssertSqlSafe, Connection};

use crate::plan::plan;
use crate::system::{PASSWORD, START, System, defaults, eventually, with_token};

const DAY: Duration = Duration::from_hours(24);

impl System {
    /// One round of housekeeping.
    async fn sweep(&self) {
        Housekeeping::new(Database::new(&self.settings), self.clock.clone(), &defaults()).sweep().await;
    }

    async fn count(&self, rows: &'static str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {rows}")))
            .fetch_one(&mut self.sql().await)
            .await
            .unwrap()
    }

    /// Waits until every event has its place in the feed.
    async fn numbered(&self) {
        eventually(async || self.count("auth.events WHERE seq IS NULL").await == 0).await;
    }

    async fn execute(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&mut self.sql().await).await.unwrap();
    }
}

/// So many sessions of each user that have ended when the test begins.
async fn over(system: &System, sessions: i64) {
    let fill = "INSERT INTO auth.sessions (id, user_id, device_name, created_at, current_hash, counter, rotated_at,
                                           idle_expires_at, absolute_expires_at, last_seen_at, ended_at, end_reason)
                SELECT gen_random_uuid(), id, '', $2, sha256(''), 1, $2, $2, $2, $2, $2, 'logged_out'
                FROM auth.users, generate_series(1, $1)";
    sqlx::query(fill).bind(sessions).bind(START).execute(&mut system.sql().await).await.unwrap();
}

#[tokio::test]
async fn a_session_goes_thirty_days_after_it_ended_or_expired() {
    let system = System::start().await;
    let (ended, _expires) = (system.somebody("alice").await, system.log_in("alice").await);
    let log_out = proto::auth::v1::LogOutRequest {};
    system.auth().log_out(with_token(&ended.access_token, log_out)).await.unwrap();
    system.clock.advance(SESSIONS_KEPT.unsigned_abs());
    system.sweep().await;
    assert_eq!(system.count("auth.sessions").await, 2, "not a moment too early");
    system.clock.advance(Duration::from_micros(1));
    system.sweep().await;
    assert_eq!(system.count("auth.sessions WHERE ended_at IS NULL").await, 1);
    assert_eq!(system.count("auth.sessions").await, 1, "what was ended is gone");
    let _live = system.log_in("alice").await;
    system.clock.advance(13 * DAY);
    system.sweep().await;
    assert_eq!(system.count("auth.sessions").await, 2);
    system.clock.advance(DAY);
    system.sweep().await;
    assert_eq!(system.count("auth.sessions").await, 1, "what has expired 30 days ago is gone");
}

#[tokio::test]
async fn an_event_goes_when_its_time_of_retention_is_over() {
    let system = System::start().await;
    system.somebody("alice").await;
    system.execute("TRUNCATE auth.events").await;
    system.log_in("alice").await;
    system.numbered().await;
    system.clock.advance(365 * DAY);
    system.sweep().await;
    assert_eq!(system.count("auth.events").await, 1);
    system.clock.advance(Duration::from_micros(1));
    system.sweep().await;
    assert_eq!(system.count("auth.events").await, 0);
}

#[tokio::test]
async fn failed_attempts_go_after_a_day() {
    let system = System::start().await;
    assert!(system.try_log_in("alice", "wrong horse battery").await.is_err());
    system.clock.advance(DAY);
    system.sweep().await;
    assert_eq!(system.count("auth.throttles").await, 1);
    system.clock.advance(Duration::from_micros(1));
    system.sweep().await;
    assert_eq!(system.count("auth.throttles").await, 0);
}

#[tokio::test]
async fn the_deletion_of_a_user_stays_until_every_consumer_has_acted_on_it() {
    let system = System::start().await;
    let alice = system.somebody("alice").await;
    let delete = DeleteUserRequest { name: "users/me".to_owned(), password: PASSWORD.to_owned() };
    system.users().delete_user(with_token(&alice.access_token, delete)).await.unwrap();
    system.numbered().await;
    let consumers = "INSERT INTO auth.consumers (name, cursor, seen_at)
                     SELECT name, head, now() - interval '2 years' FROM auth.feed, unnest('{one, other}'::text[]) name";
    system.execute(consumers).await;
    system.execute("UPDATE auth.consumers SET cursor = 0 WHERE name = 'other'").await;
    system.clock.advance(366 * DAY);
    system.sweep().await;
    assert_eq!(system.count("auth.events WHERE kind = 'user_deleted'").await, 1);
    assert_eq!(system.count("auth.events").await, 1, "the rest is gone");
    system.execute("UPDATE auth.consumers SET cursor = (SELECT head FROM auth.feed) WHERE name = 'other'").await;
    system.sweep().await;
    assert_eq!(system.count("auth.events").await, 0);
}

#[tokio::test]
async fn a_token_from_mail_goes_when_its_time_is_over_and_a_count_of_mail_after_its_hour() {
    let system = System::start().await;
    system.user("alice").await;
    system.letter().await;
    system.clock.advance(Duration::from_hours(1));
    system.sweep().await;
    assert_eq!((system.count("auth.mail_tokens").await, system.count("auth.mail_allowances").await), (1, 1));
    system.clock.advance(Duration::from_micros(1));
    system.sweep().await;
    assert_eq!((system.count("auth.mail_tokens").await, system.count("auth.mail_allowances").await), (1, 0));
    system.clock.advance(DAY);
    system.sweep().await;
    assert_eq!(system.count("auth.mail_tokens").await, 0);
}

#[tokio::test]
async fn one_sweep_takes_more_than_one_batch() {
    let system = System::start().await;
    system.user("alice").await;
    over(&system, 1_201).await;
    system.clock.advance(31 * DAY);
    system.sweep().await;
    assert_eq!(system.count("auth.sessions").await, 0);
}

#[tokio::test]
async fn while_another_replica_is_at_it_nothing_is_done_and_nobody_waits() {
    let system = System::start().await;
    system.user("alice").await;
    over(&system, 1).await;
    system.clock.advance(31 * DAY);
    let mut other = system.sql().await;
    let mut turn = other.begin().await.unwrap();
    let taken = auth_service::store::purges::take_turn(&mut turn).await.unwrap();
    assert!(taken);
    system.sweep().await;
    assert_eq!(system.count("auth.sessions").await, 1);
    turn.commit().await.unwrap();
    system.sweep().await;
    assert_eq!(system.count("auth.sessions").await, 0);
}

#[tokio::test]
async fn a_row_that_somebody_holds_is_left_for_later() {
    let system = System::start().await;
    system.user("alice").await;
    over(&system, 3).await;
    system.clock.advance(31 * DAY);
    let mut other = system.sql().await;
    let mut holds = other.begin().await.unwrap();
    let lock = "SELECT id FROM auth.sessions ORDER BY id LIMIT 1 FOR KEY SHARE";
    sqlx::query(lock).fetch_one(&mut *holds).await.unwrap();
    system.sweep().await;
    assert_eq!(system.count("auth.sessions").await, 1);
    holds.commit().await.unwrap();
    system.sweep().await;
    assert_eq!(system.count("auth.sessions").await, 0);
}

#[tokio::test]
async fn nothing_is_deleted_by_reading_a_whole_table() {
    let system = System::start().await;
    let users = "INSERT INTO auth.users
                 SELECT gen_random_uuid(), 'user' || n, '', NULL, NULL, 'x', '{}', 'active', 0, 1, now(), now()
                 FROM generate_series(1, 1000) n";
    system.execute(users).await;
    over(&system, 20).await;
    let events = "INSERT INTO auth.events (id, at, kind, details)
                  SELECT gen_random_uuid(), now(), 'logged_in', '{}' FROM generate_series(1, 20000)";
    system.execute(events).await;
    let throttles =
        "INSERT INTO auth.throttles SELECT sha256(n::text::bytea), 1, now(), now() FROM generate_series(1, 20000) n";
    system.execute(throttles).await;
    let mail = "SET session_replication_role = replica; -- Whose they are does not matter.
                INSERT INTO auth.mail_tokens
                SELECT gen_random_uuid(), 'password_reset', sha256(n::text::bytea), '', now(), now()
                FROM generate_series(1, 20000) n;
                INSERT INTO auth.mail_allowances
                SELECT sha256(n::text::bytea), now(), now(), 1 FROM generate_series(1, 20000) n";
    system.execute(mail).await;
    let mut sql = system.sql().await;
    let (range, of_batch) = ("timestamptz, bigint", "'2026-01-01', 500");
    // What the foreign key does when a user is deleted.
    let cascade = "DELETE FROM ONLY auth.sessions WHERE $1 OPERATOR(pg_catalog.=) user_id";
    let nobody = "'01920000-0000-7000-8000-000000000001'";
    for analyzed in [false, true] {
        if analyzed {
            system
                .execute("ANALYZE auth.sessions, auth.events, auth.throttles, auth.mail_tokens, auth.mail_allowances")
                .await;
        }
        let sessions = include_str!("../../src/store/purges/sessions.sql");
        let events = include_str!("../../src/store/purges/events.sql");
        let throttles = include_str!("../../src/store/purges/throttles.sql");
        let tokens = include_str!("../../src/store/purges/mail_tokens.sql");
        let allowances = include_str!("../../src/store/purges/mail_allowances.sql");
        for (index, statement, types, arguments) in [
            ("mail_tokens_expiry_index", tokens, range, of_batch),
            ("mail_allowances_opened_index", allowances, range, of_batch),
            ("sessions_over_index", sessions, range, of_batch),
            ("events_at_index", events, range, of_batch),
            ("throttles_last_at_index", throttles, range, of_batch),
            ("sessions_user_index", cascade, "uuid", nobody),
        ] {
            let plan = plan(&mut sql, statement, types, arguments).await;
            // There are as many consumers as services.
            let whole = plan.lines().find(|line| line.contains("Seq Scan") && !line.contains("on consumers"));
            assert!(plan.contains(index) && whole.is_none(), "{plan}");
        }
    }
}
