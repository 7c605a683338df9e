use proto::auth::v1::user::State;
use tonic::Code;
use tonic_types::StatusExt;

use crate::system::{PASSWORD, System, reason, registration, violations};

#[tokio::test]
async fn a_new_user_is_as_they_described_themselves() {
    let system = System::start().await;
    let user = system.register(registration("Alice")).await.unwrap();
    assert_eq!((user.username.as_str(), user.display_name.as_str()), ("Alice", "Alice"));
    assert_eq!((user.email.as_str(), user.email_verified), ("Alice@example.com", false));
    assert_eq!((user.roles.as_slice(), user.state()), ([].as_slice(), State::Active));
    assert!(user.name.starts_with("users/") && user.create_time == user.update_time && !user.etag.is_empty());
}

#[tokio::test]
async fn a_username_and_a_password_are_enough() {
    let system = System::start().await;
    let mut request = registration("alice");
    (request.email, request.display_name) = (String::new(), String::new());
    let user = system.register(request).await.unwrap();
    assert_eq!((user.email.as_str(), user.display_name.as_str()), ("", ""));
}

#[tokio::test]
async fn a_username_is_taken_in_every_case() {
    let system = System::start().await;
    system.user("alice").await;
    let status = system.register(registration("ALICE")).await.unwrap_err();
    assert_eq!(reason(&status), (Code::AlreadyExists, "USERNAME_TAKEN".to_owned()));
    assert_eq!(status.get_error_details().error_info().unwrap().metadata["username"], "ALICE");
}

#[tokio::test]
async fn of_two_who_want_a_name_at_once_one_gets_it() {
    let system = System::start().await;
    let (one, other) = tokio::join!(system.register(registration("alice")), system.register(registration("Alice")));
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
}

#[tokio::test]
async fn registering_says_nothing_about_who_else_uses_an_address() {
    let system = System::start().await;
    system.user("alice").await;
    system.make("alice", "verified").await;
    let mut request = registration("mallory");
    request.email = "alice@example.com".to_owned();
    let user = system.register(request).await.unwrap();
    assert!(!user.email_verified);
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let system = System::start().await;
    let mut request = registration("1");
    (request.password, request.email, request.display_name) =
        ("too short".to_owned(), "nowhere".to_owned(), "a\nb".to_owned());
    let status = system.register(request).await.unwrap_err();
    assert_eq!(violations(&status), ["username", "password", "email", "display_name"]);
}

#[tokio::test]
async fn a_password_is_stored_only_as_its_hash() {
    let system = System::start().await;
    system.user("alice").await;
    let row = "SELECT row_to_json(u)::text FROM auth.users u";
    let row: String = sqlx::query_scalar(row).fetch_one(&mut system.sql().await).await.unwrap();
    assert!(row.contains("$argon2id$v=19$") && !row.contains(PASSWORD), "{row}");
}
