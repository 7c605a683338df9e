use proto::auth::v1::{
    ListSessionsRequest, ListSessionsResponse, LogInRequest, RevokeAllSessionsRequest, RevokeSessionRequest, Session,
};
use tonic::{Code, Request, Status};

use crate::system::{PASSWORD, START, System, refused, violations, with_token};

const NOBODY: &str = "users/01920000-0000-7000-8000-000000000001";

async fn page(
    system: &System,
    token: &str,
    parent: &str,
    size: i32,
    after: &str,
) -> Result<ListSessionsResponse, Status> {
    let request = ListSessionsRequest { parent: parent.to_owned(), page_size: size, page_token: after.to_owned() };
    system.sessions().list_sessions(with_token(token, request)).await.map(tonic::Response::into_inner)
}

async fn list(system: &System, token: &str, parent: &str) -> Vec<Session> {
    page(system, token, parent, 0, "").await.unwrap().sessions
}

async fn revoke(system: &System, token: &str, name: &str) -> Result<(), Status> {
    let request = RevokeSessionRequest { name: name.to_owned() };
    system.sessions().revoke_session(with_token(token, request)).await.map(drop)
}

async fn revoke_all(system: &System, token: &str, parent: &str, keep_present: bool) -> Result<i32, Status> {
    let request = RevokeAllSessionsRequest { parent: parent.to_owned(), keep_present };
    system.sessions().revoke_all_sessions(with_token(token, request)).await.map(|all| all.into_inner().revoked_count)
}

#[tokio::test]
async fn a_session_tells_where_it_is() {
    let system = System::start().await;
    system.user("alice").await;
    let mut request = Request::new(LogInRequest {
        identifier: "alice".to_owned(),
        password: PASSWORD.to_owned(),
        device_name: "a phone".to_owned(),
        ..LogInRequest::default()
    });
    request.metadata_mut().insert("user-agent", "grpc-test/1".parse().unwrap());
    let granted = system.auth().log_in(request).await.unwrap().into_inner();
    let sessions = list(&system, &granted.access_token, "users/me").await;
    let [session] = sessions.as_slice() else { panic!("{sessions:?}") };
    assert_eq!(*session, granted.session.unwrap());
    assert_eq!((session.device_name.as_str(), session.peer.as_str()), ("a phone", "client"));
    assert!(session.user_agent.starts_with("grpc-test/1"), "{}", session.user_agent);
    assert_eq!(session.last_seen_time.unwrap().seconds, START.unix_timestamp());
}

#[tokio::test]
async fn a_refresh_is_seen() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    system.clock.advance(std::time::Duration::from_mins(7));
    let refreshed = system.refresh(&granted.refresh_token).await.unwrap();
    let sessions = list(&system, &refreshed.access_token, "users/me").await;
    assert_eq!(sessions[0].last_seen_time.unwrap().seconds, START.unix_timestamp() + 420);
}

#[tokio::test]
async fn the_pages_have_each_live_session_once_the_latest_first() {
    let system = System::start().await;
    system.user("alice").await;
    let mut names = Vec::new();
    let mut token = String::new();
    for _ in 0..7 {
        system.clock.advance(std::time::Duration::from_secs(1));
        let granted = system.log_in("alice").await;
        names.insert(0, granted.session.unwrap().name);
        token = granted.access_token;
    }
    revoke(&system, &token, &names.remove(3)).await.unwrap();
    let mut after = String::new();
    let mut listed = Vec::new();
    loop {
        let ListSessionsResponse { sessions, next_page_token } =
            page(&system, &token, "users/me", 2, &after).await.unwrap();
        assert!(sessions.len() == 2);
        listed.extend(sessions.into_iter().map(|session| session.name));
        after = next_page_token;
        if after.is_empty() {
            break;
        }
    }
    assert_eq!(listed, names);
}

#[tokio::test]
async fn a_revoked_session_is_out_and_the_others_go_on() {
    let system = System::start().await;
    let (present, other) = (system.somebody("alice").await, system.log_in("alice").await);
    let name = other.session.unwrap().name;
    let short = name.replacen(&present.user.unwrap().name, "users/me", 1);
    revoke(&system, &present.access_token, &short).await.unwrap();
    refused(system.get(&other.access_token, "users/me").await, Code::Unauthenticated, "SESSION_ENDED");
    refused(system.refresh(&other.refresh_token).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    assert!(system.refresh(&present.refresh_token).await.is_ok());
    revoke(&system, &present.access_token, &name).await.expect("once more is no error");
}

#[tokio::test]
async fn all_sessions_end_with_or_without_the_present_one() {
    let system = System::start().await;
    let present = system.somebody("alice").await;
    for _ in 0..3 {
        system.log_in("alice").await;
    }
    assert_eq!(revoke_all(&system, &present.access_token, "users/me", true).await.unwrap(), 3);
    assert_eq!(list(&system, &present.access_token, "users/me").await.len(), 1);
    assert_eq!(revoke_all(&system, &present.access_token, "users/me", false).await.unwrap(), 1);
    refused(system.refresh(&present.refresh_token).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    let again = revoke_all(&system, &present.access_token, "users/me", false).await;
    refused(again, Code::Unauthenticated, "SESSION_ENDED");
}

#[tokio::test]
async fn admins_see_and_end_anybodys() {
    let system = System::start().await;
    let (root, bob) = (system.admin("root").await.access_token, system.somebody("bob").await);
    let (user, session) = (bob.user.unwrap().name, bob.session.unwrap().name);
    assert_eq!(list(&system, &root, &user).await.len(), 1);
    revoke(&system, &root, &session).await.unwrap();
    system.log_in("bob").await;
    assert_eq!(revoke_all(&system, &root, &user, true).await.unwrap(), 1);
    assert!(list(&system, &root, &user).await.is_empty());
    refused(page(&system, &root, NOBODY, 0, "").await, Code::NotFound, "NOT_FOUND");
    refused(revoke(&system, &root, &format!("{NOBODY}/sessions/{}", &NOBODY[6..])).await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn somebody_elses_are_not_found() {
    let system = System::start().await;
    let (alice, bob) = (system.somebody("alice").await, system.somebody("bob").await);
    let (user, session) = (bob.user.unwrap().name, bob.session.unwrap().name);
    refused(page(&system, &alice.access_token, &user, 0, "").await, Code::NotFound, "NOT_FOUND");
    refused(revoke(&system, &alice.access_token, &session).await, Code::NotFound, "NOT_FOUND");
    let mine = session.replacen(&user, "users/me", 1);
    refused(revoke(&system, &alice.access_token, &mine).await, Code::NotFound, "NOT_FOUND");
    refused(revoke_all(&system, &alice.access_token, &user, false).await, Code::NotFound, "NOT_FOUND");
    assert!(system.refresh(&bob.refresh_token).await.is_ok());
}

#[tokio::test]
async fn a_page_token_is_for_its_caller_and_its_user() {
    let system = System::start().await;
    let (root, bob) = (system.admin("root").await, system.somebody("bob").await);
    system.log_in("bob").await;
    let user = bob.user.unwrap().name;
    let token = page(&system, &bob.access_token, "users/me", 1, "").await.unwrap().next_page_token;
    assert!(page(&system, &bob.access_token, &user, 1, &token).await.is_ok(), "the same user by another name");
    let invalid = "PAGE_TOKEN_INVALID";
    refused(page(&system, &root.access_token, &user, 1, &token).await, Code::InvalidArgument, invalid);
    refused(page(&system, &bob.access_token, "users/me", 1, "x").await, Code::InvalidArgument, invalid);
}

#[tokio::test]
async fn names_of_another_form_are_invalid_arguments() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    for name in ["", "users/me", "users/me/sessions/-", "users/me/sessions/", "sessions/x", "users/-/sessions/x"] {
        assert_eq!(violations(&revoke(&system, &token, name).await.unwrap_err()), ["name"], "{name}");
    }
    let status = page(&system, &token, "users/-", -1, &"x".repeat(1025)).await.unwrap_err();
    assert_eq!(violations(&status), ["parent", "page_size", "page_token"]);
    assert_eq!(violations(&revoke_all(&system, &token, "me", true).await.unwrap_err()), ["parent"]);
}
