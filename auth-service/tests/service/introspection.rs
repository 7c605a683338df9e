use proto::auth::v1::{IntrospectTokenRequest, IntrospectTokenResponse, LogOutRequest, Role};
use tonic::{Code, Status};

use crate::system::{START, System, refused, violations, with_token};

async fn introspect(system: &System, token: &str) -> Result<IntrospectTokenResponse, Status> {
    let request = IntrospectTokenRequest { token: token.to_owned() };
    system.tokens("todo-service").introspect_token(request).await.map(tonic::Response::into_inner)
}

fn inactive() -> IntrospectTokenResponse {
    IntrospectTokenResponse::default()
}

#[tokio::test]
async fn a_good_token_is_described() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    let told = introspect(&system, &granted.access_token).await.unwrap();
    assert!(told.active && told.roles.is_empty() && !told.token_id.is_empty());
    assert_eq!(told.subject, granted.user.unwrap().name);
    assert_eq!(told.session, granted.session.unwrap().name);
    assert_eq!(told.issue_time.unwrap().seconds, START.unix_timestamp());
    assert_eq!(told.expire_time, granted.access_token_expire_time);
    assert_eq!((told.issuer.as_str(), told.audience.as_str()), ("https://auth.todo.local", "todo.local"));
}

#[tokio::test]
async fn the_roles_are_those_of_now() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    system.make("alice", "admin").await;
    assert_eq!(introspect(&system, &token).await.unwrap().roles, [i32::from(Role::Admin)]);
}

#[tokio::test]
async fn of_a_token_that_is_no_longer_good_nothing_else_is_said() {
    for change in ["disabled", "out of date", "logged out"] {
        let system = System::start().await;
        let token = system.somebody("alice").await.access_token;
        if change == "logged out" {
            system.auth().log_out(with_token(&token, LogOutRequest {})).await.unwrap();
        } else {
            system.make("alice", change).await;
        }
        assert_eq!(introspect(&system, &token).await.unwrap(), inactive(), "{change}");
    }
}

#[tokio::test]
async fn a_token_that_was_never_good_is_no_error() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    let altered = format!("{}A", granted.access_token);
    for token in ["x", altered.as_str(), granted.refresh_token.as_str()] {
        assert_eq!(introspect(&system, token).await.unwrap(), inactive());
    }
    system.clock.advance(std::time::Duration::from_mins(6));
    assert_eq!(introspect(&system, &granted.access_token).await.unwrap(), inactive(), "expired");
}

#[tokio::test]
async fn only_services_may_ask() {
    let system = System::start().await;
    let request = IntrospectTokenRequest { token: "x".to_owned() };
    let answer = system.tokens("client").introspect_token(request).await;
    refused(answer, Code::PermissionDenied, "PEER_NOT_ALLOWED");
}

#[tokio::test]
async fn a_token_of_no_possible_length_is_an_invalid_argument() {
    let system = System::start().await;
    for token in [String::new(), "a".repeat(4097)] {
        assert_eq!(violations(&introspect(&system, &token).await.unwrap_err()), ["token"]);
    }
}
