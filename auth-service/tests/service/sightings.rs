//! Sessions are seen without a call that waits for it, and written once a minute at most.

use std::time::Duration;

use auth_service::origin::Origin;
use auth_service::sightings::MOST;
use proto::auth::v1::{GetUserRequest, LogOutRequest};
use service_kit::postgres::Database;
use sqlx::Connection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::plan::plan;
use crate::system::{START, System, with_token};

impl System {
    /// What the background does every few seconds.
    async fn flush(&self) {
        self.sightings.flush(&Database::new(&self.settings)).await;
    }

    async fn call(&self, token: &str, user_agent: &str) {
        let mut request = with_token(token, GetUserRequest { name: "users/me".to_owned() });
        request.metadata_mut().insert("user-agent", user_agent.parse().unwrap());
        self.users().get_user(request).await.unwrap();
    }

    /// When the only session was last seen, in seconds after the start, and by which program.
    async fn seen(&self) -> (i64, String) {
        let seen = "SELECT last_seen_at, coalesce(user_agent, '') FROM auth.sessions";
        let (at, by): (OffsetDateTime, String) = sqlx::query_as(seen).fetch_one(&mut self.sql().await).await.unwrap();
        ((at - START).whole_seconds(), by)
    }

    /// Counts the changes of sessions from now on.
    async fn count_writes(&self) {
        let count = "CREATE SEQUENCE auth.writes;
                     CREATE FUNCTION auth.count_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                         AS $$ BEGIN PERFORM nextval('auth.writes'); RETURN NULL; END $$;
                     GRANT EXECUTE ON FUNCTION auth.count_write TO auth_service;
                     CREATE TRIGGER writes AFTER UPDATE ON auth.sessions
                         FOR EACH ROW EXECUTE FUNCTION auth.count_write()";
        sqlx::raw_sql(count).execute(&mut self.sql().await).await.unwrap();
    }

    async fn writes(&self) -> i64 {
        let writes = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM auth.writes";
        sqlx::query_scalar(writes).fetch_one(&mut self.sql().await).await.unwrap()
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_hundred_calls_in_a_minute_are_one_write() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    system.count_writes().await;
    system.clock.advance(120 * SECOND);
    for call in 0..100 {
        system.call(&token, &format!("call/{call}")).await;
        system.flush().await;
        system.clock.advance(Duration::from_millis(590));
    }
    assert_eq!((system.writes().await, system.seen().await.0), (1, 120), "after 59 seconds");
    system.clock.advance(SECOND);
    system.flush().await;
    system.flush().await;
    let (at, by) = system.seen().await;
    assert_eq!(system.writes().await, 2, "the minute is over");
    assert!(at == 178 && by.starts_with("call/99"), "the latest call is what is written: {at} {by}");
}

#[tokio::test]
async fn what_happened_within_a_minute_of_the_log_in_is_not_written() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    system.clock.advance(59 * SECOND);
    system.call(&token, "early/1").await;
    system.flush().await;
    assert_eq!(system.seen().await.0, 0);
}

#[tokio::test]
async fn replicas_write_no_more_than_one() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    let replica = system.replica().await;
    system.count_writes().await;
    system.clock.advance(120 * SECOND);
    for either in [&system, &replica, &system] {
        either.call(&token, "either/1").await;
        either.flush().await;
        system.clock.advance(20 * SECOND);
    }
    assert_eq!(system.writes().await, 1);
    system.clock.advance(20 * SECOND);
    for either in [&system, &replica] {
        either.call(&token, "either/2").await;
        either.flush().await;
    }
    assert_eq!((system.writes().await, system.seen().await.0), (2, 200));
}

#[tokio::test]
async fn a_session_that_has_ended_is_no_longer_seen() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    system.clock.advance(120 * SECOND);
    system.call(&token, "late/1").await;
    system.auth().log_out(with_token(&token, LogOutRequest {})).await.unwrap();
    system.flush().await;
    assert_eq!(system.seen().await.0, 0);
}

#[tokio::test]
async fn a_session_that_somebody_holds_does_not_stop_the_others() {
    let system = System::start().await;
    let (held, other) = (system.somebody("alice").await, system.somebody("bob").await);
    system.clock.advance(120 * SECOND);
    system.call(&held.access_token, "held/1").await;
    system.call(&other.access_token, "other/1").await;
    let mut sql = system.sql().await;
    let mut holds = sql.begin().await.unwrap();
    let (_, id) = held.session.as_ref().unwrap().name.rsplit_once('/').unwrap();
    let lock = "SELECT id FROM auth.sessions WHERE id = $1 FOR UPDATE";
    sqlx::query(lock).bind(id.parse::<Uuid>().unwrap()).execute(&mut *holds).await.unwrap();
    system.flush().await;
    holds.rollback().await.unwrap();
    let seen = "SELECT user_agent FROM auth.sessions WHERE last_seen_at > created_at";
    let seen: Vec<String> = sqlx::query_scalar(seen).fetch_all(&mut sql).await.unwrap();
    assert!(seen.len() == 1 && seen[0].starts_with("other/1"), "{seen:?}");
}

#[tokio::test]
async fn while_too_many_wait_to_be_written_no_others_are_remembered() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    system.clock.advance(120 * SECOND);
    for number in 0..MOST {
        system.sightings.saw(Uuid::from_u128(number as u128), Origin::default());
    }
    system.call(&token, "crowded/1").await;
    system.flush().await;
    assert_eq!(system.seen().await.0, 0);
    system.clock.advance(60 * SECOND);
    system.flush().await;
    system.call(&token, "alone/1").await;
    system.flush().await;
    assert_eq!(system.seen().await.0, 180, "those that nobody sees any more are forgotten");
}

#[tokio::test]
async fn only_sessions_that_were_seen_are_read() {
    let system = System::start().await;
    let session = system.somebody("alice").await.session.unwrap().name;
    let fill = "INSERT INTO auth.sessions
                SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid()))).*
                FROM auth.sessions s, generate_series(1, 20000)";
    let mut sql = system.sql().await;
    sqlx::raw_sql(fill).execute(&mut sql).await.unwrap();
    let write = include_str!("../../src/store/sightings/write.sql");
    let types = "uuid[], timestamptz[], text[], text[], text[], timestamptz";
    let (_, id) = session.rsplit_once('/').unwrap();
    let arguments = format!("'{{{id}}}', '{{2026-01-02}}', '{{client}}', '{{NULL}}', '{{NULL}}', '2026-01-02'");
    for analyzed in [false, true] {
        if analyzed {
            sqlx::raw_sql("ANALYZE auth.sessions").execute(&mut sql).await.unwrap();
        }
        let plan = plan(&mut sql, write, types, &arguments).await;
        let mut indexes = plan.lines().filter(|line| line.contains("Index Scan")).peekable();
        assert!(indexes.peek().is_some() && indexes.all(|line| line.contains("sessions_pkey")), "{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
}
