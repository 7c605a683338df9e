use auth_service::accounts::Error;
use auth_service::password::Password;
use proto::auth::v1::Role;

use crate::system::{PASSWORD, System};

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
