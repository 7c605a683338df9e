//! The life of an administrator, over the wire: promotes, lists, disables, deletes; and what it means to the others at once.

use e2e::client::PASSWORD;
use e2e::refusal::told;
use e2e::{System, User};
use proto::auth::v1::user::State;
use proto::auth::v1::{
    ChangePasswordRequest, DeleteUserRequest, DisableUserRequest, EnableUserRequest, GetUserRequest,
    IntrospectTokenRequest, ListSessionsRequest, ListUsersRequest, LogInRequest, RefreshTokensRequest,
    RevokeAllSessionsRequest, RevokeSessionRequest, SetRolesRequest,
};
use proto::todo::v1::ListListsRequest;
use tonic::Code;

async fn logged_in(system: &System, name: &str) -> User {
    let mut anonymous = system.anonymous();
    let granted = anonymous.log_in(name, PASSWORD).await.unwrap();
    User { client: anonymous.with_token(&granted.access_token), granted }
}

/// Whether todo-service would be told that a token is good.
async fn is_active(system: &System, token: &str) -> bool {
    let request = IntrospectTokenRequest { token: token.to_owned() };
    system.peer("todo-service").tokens.introspect_token(request).await.unwrap().into_inner().active
}

/// The reason for which a refresh is refused; empty if it is not.
async fn refresh_refused(system: &System, user: &User) -> String {
    let request = RefreshTokensRequest { refresh_token: user.granted.refresh_token.clone() };
    system.anonymous().auth.refresh_tokens(request).await.err().map(|status| told(&status).1).unwrap_or_default()
}

fn name(user: &User) -> String {
    user.granted.user.as_ref().unwrap().name.clone()
}

#[tokio::test]
async fn a_promoted_user_is_an_admin_from_the_next_refresh_on() {
    let system = System::start().await;
    let (mut root, mut alice) = (system.administrator("root").await, system.user("alice").await);
    let request = SetRolesRequest { name: name(&alice), roles: vec![proto::auth::v1::Role::Admin.into()] };
    root.client.users.set_roles(request).await.unwrap();
    assert!(!is_active(&system, &alice.granted.access_token).await, "a token from before says less than is true");
    let refused = alice.client.users.list_users(ListUsersRequest::default()).await.unwrap_err();
    assert_eq!(told(&refused), (Code::PermissionDenied, "CALLER_NOT_ALLOWED".to_owned()));
    let request = RefreshTokensRequest { refresh_token: alice.granted.refresh_token.clone() };
    let refreshed = system.anonymous().auth.refresh_tokens(request).await.unwrap().into_inner();
    let mut alice = system.anonymous().with_token(&refreshed.access_token);
    let users = alice.users.list_users(ListUsersRequest::default()).await.unwrap().into_inner().users;
    assert_eq!(users.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), ["alice", "root"]);
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_found_by_their_state() {
    let system = System::start().await;
    let (mut root, mut bob) = (system.administrator("root").await, system.user("bob").await);
    root.client.users.disable_user(DisableUserRequest { name: name(&bob) }).await.unwrap();
    assert!(!is_active(&system, &bob.granted.access_token).await);
    assert_eq!(refresh_refused(&system, &bob).await, "REFRESH_TOKEN_INVALID");
    let refused = bob.client.users.get_user(GetUserRequest { name: "users/me".to_owned() }).await.unwrap_err();
    assert_eq!(told(&refused), (Code::Unauthenticated, "SESSION_ENDED".to_owned()));
    assert!(system.anonymous().log_in("bob", PASSWORD).await.is_err());
    let disabled = ListUsersRequest { state: State::Disabled.into(), ..ListUsersRequest::default() };
    let users = root.client.users.list_users(disabled).await.unwrap().into_inner().users;
    assert_eq!(users.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), ["bob"]);
    root.client.users.enable_user(EnableUserRequest { name: name(&bob) }).await.unwrap();
    assert!(system.anonymous().log_in("bob", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_deleted_user_is_gone_at_once() {
    let system = System::start().await;
    let (mut root, bob) = (system.administrator("root").await, system.user("bob").await);
    let request = DeleteUserRequest { name: name(&bob), ..DeleteUserRequest::default() };
    root.client.users.delete_user(request).await.unwrap();
    assert!(!is_active(&system, &bob.granted.access_token).await);
    assert_eq!(refresh_refused(&system, &bob).await, "REFRESH_TOKEN_INVALID");
    let refused = root.client.users.get_user(GetUserRequest { name: name(&bob) }).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test]
async fn a_user_sees_where_they_are_logged_in_and_ends_it() {
    let system = System::start().await;
    let mut alice = system.user("alice").await;
    let (phone, tablet) = (logged_in(&system, "alice").await, logged_in(&system, "alice").await);
    let request = ListSessionsRequest { parent: "users/me".to_owned(), ..ListSessionsRequest::default() };
    let sessions = alice.client.sessions.list_sessions(request).await.unwrap().into_inner().sessions;
    assert_eq!(sessions.len(), 3);
    assert!(sessions.iter().all(|session| session.address == "127.0.0.1" && session.peer == "client"), "{sessions:?}");
    assert!(sessions.iter().all(|session| session.user_agent.contains("tonic")), "{sessions:?}");
    let request = RevokeSessionRequest { name: phone.granted.session.as_ref().unwrap().name.clone() };
    alice.client.sessions.revoke_session(request).await.unwrap();
    assert_eq!(refresh_refused(&system, &phone).await, "REFRESH_TOKEN_INVALID");
    let request = RevokeAllSessionsRequest { parent: "users/me".to_owned(), keep_present: true };
    alice.client.sessions.revoke_all_sessions(request).await.unwrap();
    assert_eq!(refresh_refused(&system, &tablet).await, "REFRESH_TOKEN_INVALID");
    assert_eq!(refresh_refused(&system, &alice).await, "");
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let system = System::start().await;
    let (mut alice, other) = (system.user("alice").await, logged_in(&system, "alice").await);
    let request = ChangePasswordRequest {
        name: "users/me".to_owned(),
        current_password: PASSWORD.to_owned(),
        new_password: "another battery of horses".to_owned(),
        keep_other_sessions: false,
    };
    alice.client.users.change_password(request).await.unwrap();
    assert!(!is_active(&system, &other.granted.access_token).await);
    assert_eq!(refresh_refused(&system, &other).await, "REFRESH_TOKEN_INVALID");
    assert_eq!(refresh_refused(&system, &alice).await, "");
}

#[tokio::test]
async fn a_bound_token_is_good_on_connections_with_its_certificate_alone() {
    let system = System::start().await;
    let mut client = system.anonymous();
    client.register("alice").await.unwrap();
    let (identifier, password) = ("alice".to_owned(), PASSWORD.to_owned());
    let request = LogInRequest { identifier, password, bind_to_certificate: true, ..LogInRequest::default() };
    let token = client.auth.log_in(request).await.unwrap().into_inner().access_token;
    let (mut own, mut thief) = (client.with_token(&token), system.peer("todo-service").with_token(&token));
    own.lists.list_lists(ListListsRequest::default()).await.expect("todo-service admits the certificate");
    own.users.get_user(GetUserRequest { name: "users/me".to_owned() }).await.expect("and so does auth-service");
    let refused = [
        thief.lists.list_lists(ListListsRequest::default()).await.unwrap_err(),
        thief.users.get_user(GetUserRequest { name: "users/me".to_owned() }).await.unwrap_err(),
    ];
    for status in refused {
        assert_eq!(told(&status), (Code::Unauthenticated, "TOKEN_INVALID".to_owned()));
    }
}
