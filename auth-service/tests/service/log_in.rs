use auth_service::password::{self, Hasher, Password};
use sqlx::{Connection, Executor};
use time::Duration;
use tonic::Code;
use tonic_types::StatusExt;

use crate::system::{PASSWORD, START, System, cheap_hashes, eventually, reason, refused, registration, violations};

const INVALID: &str = "CREDENTIALS_INVALID";

fn seconds(at: Option<prost_types::Timestamp>) -> i64 {
    at.unwrap().seconds
}

#[tokio::test]
async fn a_log_in_opens_a_session() {
    let system = System::start().await;
    let user = system.user("alice").await;
    let granted = system.try_log_in("alice", PASSWORD).await.unwrap();
    let session = granted.session.unwrap();
    assert!(session.name.starts_with(&format!("{}/sessions/", user.name)));
    assert_eq!((session.user.as_str(), session.device_name.as_str()), (user.name.as_str(), "a phone"));
    assert_eq!(seconds(session.create_time), START.unix_timestamp());
    assert_eq!(seconds(session.expire_time), (START + Duration::days(14)).unix_timestamp());
    assert_eq!(seconds(granted.refresh_token_expire_time), (START + Duration::days(14)).unix_timestamp());
    assert_eq!(seconds(granted.access_token_expire_time), (START + Duration::minutes(5)).unix_timestamp());
    assert_eq!(granted.user, Some(user));
    assert!(system.get(&granted.access_token, "users/me").await.is_ok());
}

#[tokio::test]
async fn case_does_not_count_in_names_and_addresses() {
    let system = System::start().await;
    system.user("alice").await;
    system.make("alice", "verified").await;
    assert!(system.try_log_in("ALICE", PASSWORD).await.is_ok());
    assert!(system.try_log_in("Alice@Example.Com", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn an_address_is_a_name_only_once_it_is_verified() {
    let system = System::start().await;
    system.user("alice").await;
    refused(system.try_log_in("alice@example.com", PASSWORD).await, Code::Unauthenticated, INVALID);
}

#[tokio::test]
async fn nobody_can_tell_a_wrong_password_from_no_user_or_a_disabled_one() {
    let system = System::start().await;
    system.user("alice").await;
    system.user("bob").await;
    system.make("bob", "disabled").await;
    let wrong = system.try_log_in("alice", "wrong horse battery").await.unwrap_err();
    assert_eq!(reason(&wrong), (Code::Unauthenticated, INVALID.to_owned()));
    for (who, password) in [("nobody", PASSWORD), ("bob", PASSWORD), ("bob", "wrong horse battery")] {
        let other = system.try_log_in(who, password).await.unwrap_err();
        assert_eq!((other.message(), other.details()), (wrong.message(), wrong.details()), "{who}");
    }
}

#[tokio::test]
async fn an_unusable_stored_hash_logs_nobody_in() {
    let system = System::start().await;
    system.user("alice").await;
    system.make("alice", "without a usable hash").await;
    refused(system.try_log_in("alice", PASSWORD).await, Code::Unauthenticated, INVALID);
}

#[tokio::test]
async fn a_hash_of_a_gigabyte_is_not_run() {
    let system = System::start().await;
    system.user("alice").await;
    let gigabyte = "UPDATE auth.users SET password_hash = replace(password_hash, 'm=8,', 'm=1048576,')";
    system.sql().await.execute(gigabyte).await.unwrap();
    refused(system.try_log_in("alice", PASSWORD).await, Code::Unauthenticated, INVALID);
}

/// Gives every user a hash of [`PASSWORD`] that costs less than those of the service.
async fn weaken(system: &System) -> String {
    let cheapest = password::Settings { hash_lanes: 1.try_into().unwrap(), ..cheap_hashes() };
    let hasher = Hasher::start(&cheapest, system.entropy.clone()).unwrap();
    let password = Password::presented(PASSWORD.to_owned()).unwrap();
    let phc = hasher.hash(password, Vec::new()).await.unwrap().to_phc().unwrap();
    let weaken = "UPDATE auth.users SET password_hash = $1";
    sqlx::query(weaken).bind(&phc).execute(&mut system.sql().await).await.unwrap();
    phc
}

async fn stored_hash(system: &System) -> String {
    let stored = "SELECT password_hash FROM auth.users";
    sqlx::query_scalar(stored).fetch_one(&mut system.sql().await).await.unwrap()
}

fn costlier() -> password::Settings {
    password::Settings { hash_passes: 2.try_into().unwrap(), ..cheap_hashes() }
}

#[tokio::test]
async fn a_log_in_renews_a_hash_that_costs_too_little() {
    let system = System::with(costlier()).await;
    system.user("alice").await;
    let weak = weaken(&system).await;
    refused(system.try_log_in("alice", "wrong horse battery").await, Code::Unauthenticated, INVALID);
    assert_eq!(stored_hash(&system).await, weak, "a wrong password renews nothing");
    let granted = system.log_in("alice").await;
    let renewed = stored_hash(&system).await;
    assert!(renewed.starts_with("$argon2id$v=19$m=8,t=2,p=1$"), "{renewed}");
    assert!(system.get(&granted.access_token, "users/me").await.is_ok(), "and ends nothing");
    system.log_in("alice").await;
    assert_eq!(stored_hash(&system).await, renewed, "once");
}

#[tokio::test]
async fn log_ins_at_once_do_not_refuse_each_other_for_a_renewed_hash() {
    let system = System::with(costlier()).await;
    system.user("alice").await;
    weaken(&system).await;
    futures_util::future::join_all((0..5).map(|_| system.log_in("alice"))).await;
    assert!(stored_hash(&system).await.contains("t=2"));
}

#[tokio::test]
async fn a_password_changed_while_it_is_checked_wins() {
    let system = System::start().await;
    system.user("alice").await;
    let (mut change, mut watch) = (system.sql().await, system.sql().await);
    let mut change = change.begin().await.unwrap();
    change.execute("UPDATE auth.users SET password_revision = password_revision + 1").await.unwrap();
    let waits = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity USING (pid)
                 WHERE NOT granted AND datname = current_database()";
    let log_in = system.try_log_in("alice", PASSWORD);
    let commit = async {
        eventually(async || sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut watch).await.unwrap() > 0).await;
        change.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(log_in, commit);
    refused(answer, Code::Unauthenticated, INVALID);
}

#[tokio::test]
async fn one_session_too_many_ends_the_oldest() {
    let system = System::start().await;
    let first = system.somebody("alice").await;
    let mut second = None;
    for _ in 0..20 {
        system.clock.advance(std::time::Duration::from_secs(1));
        let granted = system.log_in("alice").await;
        second.get_or_insert(granted);
    }
    refused(system.refresh(&first.refresh_token).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    refused(system.get(&first.access_token, "users/me").await, Code::Unauthenticated, "SESSION_ENDED");
    assert!(system.refresh(&second.unwrap().refresh_token).await.is_ok());
    let reasons: Vec<String> = sqlx::query_scalar("SELECT end_reason FROM auth.sessions WHERE ended_at IS NOT NULL")
        .fetch_all(&mut system.sql().await)
        .await
        .unwrap();
    assert_eq!(reasons, ["superseded"]);
}

#[tokio::test]
async fn log_ins_at_once_do_not_exceed_the_limit_together() {
    let system = System::start().await;
    system.user("alice").await;
    for _ in 0..6 {
        // More at once would be refused: an attempt counts as a failure until it has succeeded.
        futures_util::future::join_all((0..5).map(|_| system.log_in("alice"))).await;
    }
    let live = "SELECT count(*) FROM auth.sessions WHERE ended_at IS NULL";
    let live: i64 = sqlx::query_scalar(live).fetch_one(&mut system.sql().await).await.unwrap();
    assert_eq!(live, 20);
}

#[tokio::test]
async fn expired_sessions_do_not_count() {
    let system = System::start().await;
    system.somebody("alice").await;
    system.clock.advance(std::time::Duration::from_hours(14 * 24));
    for _ in 0..20 {
        system.log_in("alice").await;
    }
    let ended = "SELECT count(*) FROM auth.sessions WHERE ended_at IS NOT NULL";
    let ended: i64 = sqlx::query_scalar(ended).fetch_one(&mut system.sql().await).await.unwrap();
    assert_eq!(ended, 0);
}

#[tokio::test]
async fn a_storm_of_log_ins_is_told_when_to_come_back() {
    let slow = password::Settings {
        hash_threads: 1.try_into().ok(),
        hash_queue: 1.try_into().unwrap(),
        hash_memory_kib: 65_536.try_into().unwrap(),
        hash_passes: 10.try_into().unwrap(),
        ..cheap_hashes()
    };
    let system = System::with(slow).await;
    let names: Vec<_> = (0..8).map(|number| format!("nobody-{number}")).collect();
    let answers = futures_util::future::join_all(names.iter().map(|name| system.try_log_in(name, PASSWORD))).await;
    let busy: Vec<_> =
        answers.into_iter().map(Result::unwrap_err).filter(|s| s.code() != Code::Unauthenticated).collect();
    assert!(!busy.is_empty());
    for status in busy {
        assert_eq!(reason(&status), (Code::ResourceExhausted, "HASHING_BUSY".to_owned()));
        assert!(status.get_error_details().retry_info().unwrap().retry_delay.is_some());
    }
}

#[tokio::test]
async fn a_log_in_names_all_that_is_wrong_at_once() {
    let system = System::start().await;
    let request = proto::auth::v1::LogInRequest {
        identifier: "ab".to_owned(),
        password: String::new(),
        device_name: "a\tb".to_owned(),
        ..Default::default()
    };
    let status = system.auth().log_in(request).await.unwrap_err();
    assert_eq!(violations(&status), ["identifier", "password", "device_name"]);
}

#[tokio::test]
async fn a_log_in_without_a_database_changes_nothing_and_says_so() {
    let system = System::start().await;
    system.register(registration("alice")).await.unwrap();
    let answer = system.without_database().try_log_in("alice", PASSWORD).await;
    refused(answer, Code::Unavailable, "DATABASE_UNAVAILABLE");
}

/// The kind, user, actor and details of the latest event, and whether it names a session.
async fn latest_event(system: &System) -> (String, Option<String>, Option<String>, String, bool) {
    let latest = "SELECT kind, 'users/' || user_id, 'users/' || actor_id, details::text, session_id IS NOT NULL
                  FROM auth.events ORDER BY id DESC LIMIT 1";
    sqlx::query_as(latest).fetch_one(&mut system.sql().await).await.unwrap()
}

#[tokio::test]
async fn a_log_in_is_recorded_with_its_session() {
    let system = System::start().await;
    let alice = system.user("alice").await.name;
    system.clock.advance(std::time::Duration::from_secs(1));
    system.log_in("alice").await;
    let expected = ("logged_in".to_owned(), Some(alice.clone()), Some(alice), "{}".to_owned(), true);
    assert_eq!(latest_event(&system).await, expected);
}

#[tokio::test]
async fn a_failed_log_in_is_recorded_with_its_reason_and_without_what_was_typed() {
    let system = System::start().await;
    let (alice, bob) = (system.user("alice").await.name, system.user("bob").await.name);
    system.make("bob", "disabled").await;
    for (typed, password, user, why) in [
        ("nobody", "wrong horse battery", None, "no_such_user"),
        ("alice", "wrong horse battery", Some(alice), "password"),
        ("bob", PASSWORD, Some(bob), "disabled"),
    ] {
        system.clock.advance(std::time::Duration::from_secs(1));
        assert!(system.try_log_in(typed, password).await.is_err());
        let expected = ("log_in_failed".to_owned(), user, None, format!(r#"{{"why": "{why}"}}"#), false);
        assert_eq!(latest_event(&system).await, expected);
    }
    let rows = "SELECT string_agg(row_to_json(e)::text, ' ') FROM auth.events e";
    let rows: String = sqlx::query_scalar(rows).fetch_one(&mut system.sql().await).await.unwrap();
    assert!(!rows.contains("nobody") && !rows.contains("horse"), "{rows}");
}
