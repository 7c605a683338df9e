use proto::auth::v1::user::State;
use proto::auth::v1::{
    DeleteUserRequest, DisableUserRequest, EnableUserRequest, IntrospectTokenRequest, Role, SetRolesRequest, User,
};
use tonic::{Code, Status};

use crate::system::{PASSWORD, System, refused, violations, with_token};

const ADMIN: i32 = Role::Admin as i32;
const NOBODY: &str = "users/01920000-0000-7000-8000-000000000001";

async fn set_roles(system: &System, token: &str, name: &str, roles: &[i32]) -> Result<User, Status> {
    let request = SetRolesRequest { name: name.to_owned(), roles: roles.to_vec() };
    system.users().set_roles(with_token(token, request)).await.map(tonic::Response::into_inner)
}

async fn disable(system: &System, token: &str, name: &str) -> Result<User, Status> {
    let request = DisableUserRequest { name: name.to_owned() };
    system.users().disable_user(with_token(token, request)).await.map(tonic::Response::into_inner)
}

async fn enable(system: &System, token: &str, name: &str) -> Result<User, Status> {
    let request = EnableUserRequest { name: name.to_owned() };
    system.users().enable_user(with_token(token, request)).await.map(tonic::Response::into_inner)
}

async fn delete(system: &System, token: &str, name: &str, password: &str) -> Result<(), Status> {
    let request = DeleteUserRequest { name: name.to_owned(), password: password.to_owned() };
    system.users().delete_user(with_token(token, request)).await.map(drop)
}

async fn is_active(system: &System, token: &str) -> bool {
    let request = IntrospectTokenRequest { token: token.to_owned() };
    system.tokens("todo-service").introspect_token(request).await.unwrap().into_inner().active
}

#[tokio::test]
async fn a_role_comes_with_the_next_refresh_and_the_token_before_is_over_at_once() {
    let system = System::start().await;
    let root = system.admin("root").await.access_token;
    let bob = system.somebody("bob").await;
    let user = set_roles(&system, &root, &bob.user.unwrap().name, &[ADMIN]).await.unwrap();
    assert_eq!(user.roles, [ADMIN]);
    assert!(!is_active(&system, &bob.access_token).await);
    let refreshed = system.refresh(&bob.refresh_token).await.unwrap();
    assert!(is_active(&system, &refreshed.access_token).await);
    let again = set_roles(&system, &refreshed.access_token, &user.name, &[ADMIN, ADMIN]).await.unwrap();
    assert_eq!(again, user, "the same roles again change nothing");
    assert!(is_active(&system, &refreshed.access_token).await);
}

#[tokio::test]
async fn a_disabled_user_is_out_and_an_enabled_one_logs_in_again() {
    let system = System::start().await;
    let root = system.admin("root").await.access_token;
    let bob = system.somebody("bob").await;
    let name = bob.user.unwrap().name;
    let disabled = disable(&system, &root, &name).await.unwrap();
    assert_eq!(disabled.state(), State::Disabled);
    assert!(!is_active(&system, &bob.access_token).await);
    refused(system.refresh(&bob.refresh_token).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    refused(system.get(&bob.access_token, "users/me").await, Code::Unauthenticated, "SESSION_ENDED");
    refused(system.try_log_in("bob", PASSWORD).await, Code::Unauthenticated, "CREDENTIALS_INVALID");
    assert_eq!(disable(&system, &root, &name).await.unwrap(), disabled, "once more changes nothing");
    let enabled = enable(&system, &root, &name).await.unwrap();
    assert_eq!(enabled.state(), State::Active);
    assert_eq!(enable(&system, &root, &name).await.unwrap(), enabled, "once more changes nothing");
    refused(system.refresh(&bob.refresh_token).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    assert!(system.try_log_in("bob", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn an_admin_deletes_anybody_without_a_password() {
    let system = System::start().await;
    let root = system.admin("root").await.access_token;
    let bob = system.somebody("bob").await;
    let name = bob.user.unwrap().name;
    delete(&system, &root, &name, "").await.unwrap();
    assert!(!is_active(&system, &bob.access_token).await);
    refused(system.refresh(&bob.refresh_token).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    refused(system.get(&root, &name).await, Code::NotFound, "NOT_FOUND");
    refused(delete(&system, &root, &name, "").await, Code::NotFound, "NOT_FOUND");
    system.user("bob").await;
}

#[tokio::test]
async fn the_last_active_admin_stays() {
    let system = System::start().await;
    let root = system.admin("root").await;
    let (token, name) = (root.access_token, root.user.unwrap().name);
    let disabled = system.admin("other").await.user.unwrap().name;
    disable(&system, &token, &disabled).await.unwrap();
    let last = "LAST_ADMIN";
    for name in [name.as_str(), "users/me"] {
        refused(set_roles(&system, &token, name, &[]).await, Code::FailedPrecondition, last);
        refused(disable(&system, &token, name).await, Code::FailedPrecondition, last);
        refused(delete(&system, &token, name, PASSWORD).await, Code::FailedPrecondition, last);
    }
    delete(&system, &token, &disabled, "").await.expect("who is disabled is no active admin");
}

#[tokio::test]
async fn of_two_admins_who_are_removed_at_once_one_stays() {
    for (way, by_each_other) in
        [("demote", true), ("demote", false), ("disable", true), ("disable", false), ("delete", true)]
    {
        let system = System::start().await;
        let admins = [system.admin("one").await, system.admin("two").await];
        let names = admins.clone().map(|admin| admin.user.unwrap().name);
        let remove = async |by: &str, name: &str| match way {
            "demote" => set_roles(&system, by, name, &[]).await.map(drop),
            "disable" => disable(&system, by, name).await.map(drop),
            _ => delete(&system, by, name, "").await,
        };
        let whose = if by_each_other { [1, 0] } else { [0, 1] };
        let removals = whose.map(|by| admins[by].access_token.clone()).into_iter().zip(&names);
        let done = futures_util::future::join_all(removals.map(async |(by, name)| remove(&by, name).await)).await;
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{way}: {done:?}");
        let left = "SELECT count(*) FROM auth.users WHERE state = 'active' AND 'admin' = ANY (roles)";
        let left: i64 = sqlx::query_scalar(left).fetch_one(&mut system.sql().await).await.unwrap();
        assert_eq!(left, 1, "{way}");
    }
}

#[tokio::test]
async fn many_demotions_at_once_leave_an_admin() {
    let system = System::start().await;
    let mut admins = Vec::new();
    for n in 0..8 {
        admins.push(system.admin(&format!("admin{n}")).await);
    }
    let demotions = admins.iter().map(|admin| set_roles(&system, &admin.access_token, "users/me", &[]));
    let done = futures_util::future::join_all(demotions).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 7, "{done:?}");
}

#[tokio::test]
async fn who_is_no_admin_now_does_nothing_to_others() {
    let system = System::start().await;
    let (root, bob) = (system.admin("root").await.access_token, system.user("bob").await.name);
    system.make("root", "plain").await;
    let not_allowed = "CALLER_NOT_ALLOWED";
    refused(set_roles(&system, &root, &bob, &[ADMIN]).await, Code::PermissionDenied, not_allowed);
    refused(disable(&system, &root, &bob).await, Code::PermissionDenied, not_allowed);
    refused(enable(&system, &root, &bob).await, Code::PermissionDenied, not_allowed);
    refused(delete(&system, &root, &bob, "").await, Code::NotFound, "NOT_FOUND");
    system.make("root", "disabled").await;
    refused(set_roles(&system, &root, &bob, &[ADMIN]).await, Code::Unauthenticated, "SESSION_ENDED");
    assert!(system.try_log_in("bob", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn nobody_is_not_found() {
    let system = System::start().await;
    let root = system.admin("root").await.access_token;
    refused(set_roles(&system, &root, NOBODY, &[]).await, Code::NotFound, "NOT_FOUND");
    refused(disable(&system, &root, NOBODY).await, Code::NotFound, "NOT_FOUND");
    refused(enable(&system, &root, NOBODY).await, Code::NotFound, "NOT_FOUND");
    refused(delete(&system, &root, NOBODY, "").await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn roles_that_do_not_exist_are_told_each() {
    let system = System::start().await;
    let root = system.admin("root").await.access_token;
    let status = set_roles(&system, &root, "users/x", &[ADMIN, 0, 99]).await.unwrap_err();
    assert_eq!(violations(&status), ["name", "roles[1]", "roles[2]"]);
    assert_eq!(violations(&set_roles(&system, &root, "users/me", &[ADMIN; 9]).await.unwrap_err()), ["roles"]);
}

#[tokio::test]
async fn each_act_is_recorded_once() {
    let system = System::start().await;
    let root = system.admin("root").await.access_token;
    let bob = system.user("bob").await.name;
    for _ in 0..2 {
        set_roles(&system, &root, &bob, &[ADMIN]).await.unwrap();
        disable(&system, &root, &bob).await.unwrap();
    }
    enable(&system, &root, &bob).await.unwrap();
    delete(&system, &root, &bob, "").await.unwrap();
    let kinds = "SELECT kind FROM auth.events WHERE user_id = $1 AND actor_id <> user_id ORDER BY id";
    let id: uuid::Uuid = bob.strip_prefix("users/").unwrap().parse().unwrap();
    let mut kinds: Vec<String> = sqlx::query_scalar(kinds).bind(id).fetch_all(&mut system.sql().await).await.unwrap();
    kinds.sort();
    assert_eq!(kinds, ["roles_set", "user_deleted", "user_disabled", "user_enabled"]);
}
