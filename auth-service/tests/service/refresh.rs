use std::collections::HashSet;
use std::time::Duration;

use tonic::Code;

use crate::system::{System, refused, violations};

const DAY: Duration = Duration::from_hours(24);
const INVALID: &str = "REFRESH_TOKEN_INVALID";
const REUSED: &str = "REFRESH_TOKEN_REUSED";
const EXPIRED: &str = "REFRESH_TOKEN_EXPIRED";

/// How the only session has ended.
async fn end_reason(system: &System) -> Option<String> {
    let reason = "SELECT end_reason FROM auth.sessions";
    sqlx::query_scalar(reason).fetch_one(&mut system.sql().await).await.unwrap()
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_of_the_same_session() {
    let system = System::start().await;
    let first = system.somebody("alice").await;
    system.clock.advance(DAY);
    let second = system.refresh(&first.refresh_token).await.unwrap();
    assert_ne!(second.refresh_token, first.refresh_token);
    assert_eq!(second.session.as_ref().unwrap().name, first.session.as_ref().unwrap().name);
    assert!(system.get(&second.access_token, "users/me").await.is_ok());
    let later = second.refresh_token_expire_time.unwrap().seconds - first.refresh_token_expire_time.unwrap().seconds;
    assert_eq!(later, 86_400, "the session lives on from now");
}

#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again() {
    let system = System::start().await;
    let first = system.somebody("alice").await.refresh_token;
    let lost = system.refresh(&first).await.unwrap().refresh_token;
    system.clock.advance(Duration::from_secs(29));
    assert_eq!(system.refresh(&first).await.unwrap().refresh_token, lost);
    assert_eq!(system.refresh(&first).await.unwrap().refresh_token, lost, "and again");
    assert!(system.refresh(&lost).await.is_ok());
}

#[tokio::test]
async fn a_retry_does_not_prolong_the_grace() {
    let system = System::start().await;
    let first = system.somebody("alice").await.refresh_token;
    system.refresh(&first).await.unwrap();
    system.clock.advance(Duration::from_secs(20));
    system.refresh(&first).await.unwrap();
    system.clock.advance(Duration::from_secs(10));
    refused(system.refresh(&first).await, Code::Unauthenticated, REUSED);
}

#[tokio::test]
async fn a_token_used_after_its_successor_ends_the_session() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    let second = system.refresh(&granted.refresh_token).await.unwrap();
    let third = system.refresh(&second.refresh_token).await.unwrap();
    refused(system.refresh(&granted.refresh_token).await, Code::Unauthenticated, REUSED);
    assert_eq!(end_reason(&system).await.as_deref(), Some("token_reused"));
    refused(system.refresh(&third.refresh_token).await, Code::Unauthenticated, INVALID);
    refused(system.get(&third.access_token, "users/me").await, Code::Unauthenticated, "SESSION_ENDED");
}

#[tokio::test]
async fn a_token_used_after_the_grace_ends_the_session() {
    let system = System::start().await;
    let first = system.somebody("alice").await.refresh_token;
    let second = system.refresh(&first).await.unwrap().refresh_token;
    system.clock.advance(Duration::from_secs(30));
    refused(system.refresh(&first).await, Code::Unauthenticated, REUSED);
    refused(system.refresh(&second).await, Code::Unauthenticated, INVALID);
}

#[tokio::test]
async fn a_hundred_refreshes_of_one_token_at_once_have_one_successor() {
    let system = System::start().await;
    let mut token = system.somebody("alice").await.refresh_token;
    // The first round also opens the connections: only from the second on do the transactions truly overlap.
    for round in 1..=4 {
        let answers = futures_util::future::join_all((0..100).map(|_| system.refresh(&token))).await;
        let successors: HashSet<_> = answers.into_iter().map(|answer| answer.unwrap().refresh_token).collect();
        assert_eq!(successors.len(), 1, "round {round}");
        let counter = "SELECT counter FROM auth.sessions";
        let counter: i64 = sqlx::query_scalar(counter).fetch_one(&mut system.sql().await).await.unwrap();
        assert_eq!(counter, 1 + round, "one rotation a round");
        let late = system.refresh(&token).await.unwrap().refresh_token;
        assert!(successors.contains(&late), "and a retry is still known as one");
        token = late;
    }
}

#[tokio::test]
async fn a_session_that_nobody_refreshes_ends_after_14_days() {
    let system = System::start().await;
    let first = system.somebody("alice").await.refresh_token;
    system.clock.advance((DAY * 14).checked_sub(Duration::from_secs(1)).unwrap());
    let second = system.refresh(&first).await.unwrap().refresh_token;
    system.clock.advance(DAY * 14);
    refused(system.refresh(&second).await, Code::Unauthenticated, EXPIRED);
}

#[tokio::test]
async fn a_session_ends_after_90_days_however_often_it_is_refreshed() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    let mut token = granted.refresh_token;
    for _ in 0..8 {
        system.clock.advance(DAY * 10);
        token = system.refresh(&token).await.unwrap().refresh_token;
    }
    system.clock.advance(DAY * 9);
    let last = system.refresh(&token).await.unwrap();
    let end = granted.session.unwrap().create_time.unwrap().seconds + 90 * 86_400;
    assert_eq!(last.session.unwrap().expire_time.unwrap().seconds, end);
    system.clock.advance(DAY);
    refused(system.refresh(&last.refresh_token).await, Code::Unauthenticated, EXPIRED);
}

#[tokio::test]
async fn a_disabled_user_gets_no_new_tokens() {
    let system = System::start().await;
    let token = system.somebody("alice").await.refresh_token;
    system.make("alice", "disabled").await;
    refused(system.refresh(&token).await, Code::Unauthenticated, INVALID);
}

#[tokio::test]
async fn garbage_is_refused_without_asking_the_database() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    let system = system.without_database();
    let altered = granted.refresh_token.replace(|c: char| c.is_ascii_lowercase(), "a");
    for garbage in ["x", altered.as_str()] {
        refused(system.refresh(garbage).await, Code::Unauthenticated, INVALID);
    }
    refused(system.refresh(&granted.refresh_token).await, Code::Unavailable, "DATABASE_UNAVAILABLE");
}

#[tokio::test]
async fn a_refresh_token_is_no_access_token() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    refused(system.get(&granted.refresh_token, "users/me").await, Code::Unauthenticated, "TOKEN_INVALID");
}

#[tokio::test]
async fn a_refresh_token_of_no_possible_length_is_an_invalid_argument() {
    let system = System::start().await;
    for token in [String::new(), "a".repeat(513)] {
        assert_eq!(violations(&system.refresh(&token).await.unwrap_err()), ["refresh_token"]);
    }
    refused(system.refresh(&"a".repeat(512)).await, Code::Unauthenticated, INVALID);
}

#[tokio::test]
async fn no_refresh_token_is_stored() {
    let system = System::start().await;
    let first = system.somebody("alice").await.refresh_token;
    let second = system.refresh(&first).await.unwrap().refresh_token;
    let row = "SELECT row_to_json(s)::text FROM auth.sessions s";
    let row: String = sqlx::query_scalar(row).fetch_one(&mut system.sql().await).await.unwrap();
    assert!(!row.contains(&first) && !row.contains(&second), "{row}");
}
