use proto::auth::v1::LogOutRequest;
use tonic::{Code, Status};

use crate::system::{System, refused, with_token};

async fn log_out(system: &System, token: &str) -> Result<(), Status> {
    system.auth().log_out(with_token(token, LogOutRequest {})).await.map(drop)
}

#[tokio::test]
async fn log_out_means_out() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    log_out(&system, &granted.access_token).await.unwrap();
    refused(system.get(&granted.access_token, "users/me").await, Code::Unauthenticated, "SESSION_ENDED");
    refused(system.refresh(&granted.refresh_token).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
}

#[tokio::test]
async fn logging_out_twice_is_no_error() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    log_out(&system, &granted.access_token).await.unwrap();
    let ended = "SELECT ended_at FROM auth.sessions";
    let first: time::OffsetDateTime = sqlx::query_scalar(ended).fetch_one(&mut system.sql().await).await.unwrap();
    system.clock.advance(std::time::Duration::from_secs(1));
    log_out(&system, &granted.access_token).await.unwrap();
    let second: time::OffsetDateTime = sqlx::query_scalar(ended).fetch_one(&mut system.sql().await).await.unwrap();
    assert_eq!(first, second, "and it stays ended when it was");
}

#[tokio::test]
async fn other_sessions_go_on() {
    let system = System::start().await;
    let one = system.somebody("alice").await;
    let other = system.log_in("alice").await;
    log_out(&system, &one.access_token).await.unwrap();
    assert!(system.get(&other.access_token, "users/me").await.is_ok());
    assert!(system.refresh(&other.refresh_token).await.is_ok());
}

#[tokio::test]
async fn only_who_is_in_can_log_out() {
    let system = System::start().await;
    let missing = system.auth().log_out(LogOutRequest {}).await;
    refused(missing, Code::Unauthenticated, "TOKEN_MISSING");
    let token = system.somebody("alice").await.access_token;
    system.clock.advance(std::time::Duration::from_mins(6));
    refused(log_out(&system, &token).await, Code::Unauthenticated, "TOKEN_EXPIRED");
}
