use proto::auth::v1::{ChangePasswordRequest, DeleteUserRequest, IntrospectTokenRequest};
use tonic::{Code, Status};

use crate::system::{PASSWORD, System, refused, registration, violations, with_token};

const NEW: &str = "a battery of horses";

async fn change(system: &System, token: &str, current: &str, keep_other_sessions: bool) -> Result<(), Status> {
    change_of(system, token, "users/me", current, keep_other_sessions).await
}

async fn change_of(system: &System, token: &str, name: &str, current: &str, keep: bool) -> Result<(), Status> {
    let request = ChangePasswordRequest {
        name: name.to_owned(),
        current_password: current.to_owned(),
        new_password: NEW.to_owned(),
        keep_other_sessions: keep,
    };
    system.users().change_password(with_token(token, request)).await.map(drop)
}

async fn delete(system: &System, token: &str, password: &str) -> Result<(), Status> {
    let request = DeleteUserRequest { name: "users/me".to_owned(), password: password.to_owned() };
    system.users().delete_user(with_token(token, request)).await.map(drop)
}

#[tokio::test]
async fn a_changed_password_is_the_only_one() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    change(&system, &token, PASSWORD, false).await.unwrap();
    refused(system.try_log_in("alice", PASSWORD).await, Code::Unauthenticated, "CREDENTIALS_INVALID");
    assert!(system.try_log_in("alice", NEW).await.is_ok());
}

#[tokio::test]
async fn the_other_sessions_end_and_the_present_one_refreshes() {
    let system = System::start().await;
    let (present, other) = (system.somebody("alice").await, system.log_in("alice").await);
    change(&system, &present.access_token, PASSWORD, false).await.unwrap();
    refused(system.get(&other.access_token, "users/me").await, Code::Unauthenticated, "SESSION_ENDED");
    refused(system.refresh(&other.refresh_token).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    let introspect = IntrospectTokenRequest { token: present.access_token };
    let told = system.tokens("todo-service").introspect_token(introspect).await.unwrap().into_inner();
    assert!(!told.active, "a token from before");
    assert!(system.refresh(&present.refresh_token).await.is_ok());
}

#[tokio::test]
async fn the_other_sessions_go_on_when_told_so() {
    let system = System::start().await;
    let (present, other) = (system.somebody("alice").await, system.log_in("alice").await);
    change(&system, &present.access_token, PASSWORD, true).await.unwrap();
    assert!(system.refresh(&other.refresh_token).await.is_ok());
}

#[tokio::test]
async fn without_the_current_password_nothing_changes() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    refused(change(&system, &token, NEW, false).await, Code::PermissionDenied, "PASSWORD_WRONG");
    refused(delete(&system, &token, NEW).await, Code::PermissionDenied, "PASSWORD_WRONG");
    assert!(system.try_log_in("alice", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn nobody_changes_the_password_of_another_not_even_an_admin() {
    let system = System::start().await;
    let (root, bob) = (system.admin("root").await.access_token, system.user("bob").await.name);
    refused(change_of(&system, &root, &bob, PASSWORD, false).await, Code::NotFound, "NOT_FOUND");
    assert!(system.try_log_in("bob", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    let (one, other) = tokio::join!(change(&system, &token, PASSWORD, true), change(&system, &token, PASSWORD, true));
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "{one:?} {other:?}");
}

#[tokio::test]
async fn users_delete_themselves_with_their_password() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    delete(&system, &granted.access_token, PASSWORD).await.unwrap();
    refused(system.get(&granted.access_token, "users/me").await, Code::Unauthenticated, "SESSION_ENDED");
    refused(system.refresh(&granted.refresh_token).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    refused(system.try_log_in("alice", PASSWORD).await, Code::Unauthenticated, "CREDENTIALS_INVALID");
    refused(delete(&system, &granted.access_token, PASSWORD).await, Code::Unauthenticated, "SESSION_ENDED");
    system.user("alice").await;
}

#[tokio::test]
async fn nobody_deletes_another_and_learns_nothing_of_them() {
    let system = System::start().await;
    let (alice, bob) = (system.somebody("alice").await.access_token, system.user("bob").await.name);
    for name in [bob.as_str(), "users/01920000-0000-7000-8000-000000000001"] {
        let request = DeleteUserRequest { name: name.to_owned(), password: PASSWORD.to_owned() };
        let answer = system.users().delete_user(with_token(&alice, request)).await;
        refused(answer, Code::NotFound, "NOT_FOUND");
    }
    assert!(system.try_log_in("bob", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    let request = ChangePasswordRequest { new_password: "short".to_owned(), ..ChangePasswordRequest::default() };
    let status = system.users().change_password(with_token(&token, request)).await.unwrap_err();
    assert_eq!(violations(&status), ["name", "current_password", "new_password"]);
    assert_eq!(violations(&delete(&system, &token, "").await.unwrap_err()), ["password"]);
    assert_eq!(violations(&delete(&system, &token, &"x".repeat(129)).await.unwrap_err()), ["password"]);
}

#[tokio::test]
async fn a_password_that_is_easy_to_guess_is_refused_wherever_one_is_chosen() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    let mut request = registration("bob");
    request.password = "bob@example.com bob".to_owned();
    assert_eq!(violations(&system.register(request).await.unwrap_err()), ["password"]);
    let request = ChangePasswordRequest {
        name: "users/me".to_owned(),
        current_password: PASSWORD.to_owned(),
        new_password: "alice@example.com".to_owned(),
        keep_other_sessions: false,
    };
    let status = system.users().change_password(with_token(&token, request)).await.unwrap_err();
    assert_eq!(violations(&status), ["new_password"]);
    assert!(system.try_log_in("alice", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn no_password_is_recorded() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    change(&system, &token, PASSWORD, false).await.unwrap();
    delete(&system, &system.try_log_in("alice", NEW).await.unwrap().access_token, NEW).await.unwrap();
    let rows = "SELECT coalesce(string_agg(row_to_json(e)::text, ' '), '') FROM auth.events e";
    let rows: String = sqlx::query_scalar(rows).fetch_one(&mut system.sql().await).await.unwrap();
    assert!(rows.contains("password_changed") && rows.contains("user_deleted"), "{rows}");
    assert!(!rows.contains(PASSWORD) && !rows.contains(NEW) && !rows.contains("$argon2"), "{rows}");
}
