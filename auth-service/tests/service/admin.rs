use auth_service::accounts::Error;
use auth_service::password::Password;
use proto::auth::v1::Role;
use tonic::Code;

use crate::system::{PASSWORD, System, refused};

#[tokio::test]
async fn the_command_line_makes_an_admin() {
    let system = System::start().await;
    let granted = system.admin("root").await;
    let user = system.get(&granted.access_token, "users/me").await.unwrap();
    assert_eq!(user.roles, [i32::from(Role::Admin)]);
}

#[tokio::test]
async fn a_user_who_has_the_name_is_not_promoted() {
    let system = System::start().await;
    let token = system.somebody("Root").await.access_token;
    let password = Password::chosen("another horse battery".to_owned()).unwrap();
    let outcome = system.accounts().create_admin("root".parse().unwrap(), password).await;
    assert!(matches!(outcome, Err(Error::UsernameTaken(name)) if name == "root"));
    assert!(system.get(&token, "users/me").await.unwrap().roles.is_empty());
    assert!(system.try_log_in("root", PASSWORD).await.is_ok(), "and the password is still theirs");
}

const IMPOSED: &str = "a battery of horses";

async fn impose(system: &System, username: &str) -> Result<(), Error> {
    let password = Password::chosen(IMPOSED.to_owned()).unwrap();
    system.accounts().impose_password(username.parse().unwrap(), password).await.map(drop)
}

#[tokio::test]
async fn a_password_that_the_operator_gives_is_the_only_one_and_ends_every_session() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    impose(&system, "ALICE").await.unwrap();
    refused(system.get(&granted.access_token, "users/me").await, Code::Unauthenticated, "SESSION_ENDED");
    refused(system.refresh(&granted.refresh_token).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    refused(system.try_log_in("alice", PASSWORD).await, Code::Unauthenticated, "CREDENTIALS_INVALID");
    assert!(system.try_log_in("alice", IMPOSED).await.is_ok());
}

#[tokio::test]
async fn who_was_made_to_wait_need_not_after_the_operators_help() {
    let system = System::start().await;
    system.user("alice").await;
    for _ in 0..5 {
        assert!(system.try_log_in("alice", IMPOSED).await.is_err());
    }
    impose(&system, "alice").await.unwrap();
    assert!(system.try_log_in("alice", IMPOSED).await.is_ok());
}

#[tokio::test]
async fn an_operators_reset_is_recorded_as_of_the_command_line() {
    let system = System::start().await;
    system.somebody("alice").await;
    impose(&system, "alice").await.unwrap();
    let event = "SELECT user_id IS NOT NULL, actor_id IS NULL AND peer IS NULL AND address IS NULL,
                        (details->>'epoch')::bigint, jsonb_array_length(details->'sessions')
                 FROM auth.events WHERE kind = 'password_reset'";
    let event: (bool, bool, i64, i32) = sqlx::query_as(event).fetch_one(&mut system.sql().await).await.unwrap();
    assert_eq!(event, (true, true, 1, 1));
}

#[tokio::test]
async fn nobody_who_is_not_there_gets_a_password() {
    let system = System::start().await;
    assert!(matches!(impose(&system, "nobody").await, Err(Error::NotFound)));
}
