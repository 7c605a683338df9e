use prost_types::FieldMask;
use proto::auth::v1::{UpdateUserRequest, User};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::system::{System, reason, refused, violations, with_token};

const NOBODY: &str = "users/01920000-0000-7000-8000-000000000001";

async fn update(system: &System, token: &str, user: User, mask: &[&str]) -> Result<User, Status> {
    let paths = mask.iter().map(ToString::to_string).collect();
    let request = UpdateUserRequest { user: Some(user), update_mask: Some(FieldMask { paths }) };
    system.users().update_user(with_token(token, request)).await.map(tonic::Response::into_inner)
}

fn me(display_name: &str, email: &str) -> User {
    User {
        name: "users/me".to_owned(),
        username: "alice".to_owned(),
        display_name: display_name.to_owned(),
        email: email.to_owned(),
        ..User::default()
    }
}

#[tokio::test]
async fn users_read_themselves_by_either_name() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    let user = granted.user.unwrap();
    assert_eq!(system.get(&granted.access_token, "users/me").await.unwrap(), user);
    assert_eq!(system.get(&granted.access_token, &user.name).await.unwrap(), user);
}

#[tokio::test]
async fn somebody_else_is_not_found_byte_for_byte_like_nobody() {
    let system = System::start().await;
    let (alice, bob) = (system.somebody("alice").await, system.user("bob").await);
    let somebody = system.get(&alice.access_token, &bob.name).await.unwrap_err();
    let nobody = system.get(&alice.access_token, NOBODY).await.unwrap_err();
    assert_eq!(reason(&somebody), (Code::NotFound, "NOT_FOUND".to_owned()));
    let as_if = |status: &Status| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&bob.name, NOBODY);
        (status.code(), text(status.message().as_bytes()), text(status.details()))
    };
    assert_eq!(as_if(&somebody), as_if(&nobody));
    let update = update(&system, &alice.access_token, User { name: bob.name.clone(), ..me("x", "") }, &[]).await;
    assert_eq!(as_if(&update.unwrap_err()), as_if(&nobody));
}

#[tokio::test]
async fn admins_read_and_change_anybody() {
    let system = System::start().await;
    let (admin, bob) = (system.admin("root").await, system.user("bob").await);
    assert_eq!(system.get(&admin.access_token, &bob.name).await.unwrap(), bob);
    let changed = User { name: bob.name.clone(), username: String::new(), ..me("Robert", "") };
    assert_eq!(update(&system, &admin.access_token, changed, &[]).await.unwrap().display_name, "Robert");
    refused(system.get(&admin.access_token, NOBODY).await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn an_admin_no_longer_is_one_at_once() {
    let system = System::start().await;
    let (admin, bob) = (system.admin("root").await, system.user("bob").await);
    system.make("root", "plain").await;
    refused(system.get(&admin.access_token, &bob.name).await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    system.make("alice", "disabled").await;
    refused(system.get(&token, "users/me").await, Code::Unauthenticated, "SESSION_ENDED");
    refused(update(&system, &token, me("x", ""), &[]).await, Code::Unauthenticated, "SESSION_ENDED");
}

#[tokio::test]
async fn a_name_of_another_form_is_an_invalid_argument() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    for name in ["", "me", "users/", "users/alice", "users/-", "lists/me", &NOBODY.to_uppercase(), "users/me/"] {
        assert_eq!(violations(&system.get(&token, name).await.unwrap_err()), ["name"], "{name}");
    }
}

#[tokio::test]
async fn a_mask_says_what_changes() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    let table: [(&[&str], &str, &str); 6] = [
        (&["display_name"], "new", "alice@example.com"),
        (&["email"], "alice", "new@example.com"),
        (&["display_name", "email"], "new", "new@example.com"),
        (&["*"], "new", "new@example.com"),
        (&[], "new", "new@example.com"),
        (&["etag", "roles", "state", "create_time"], "alice", "alice@example.com"),
    ];
    for (mask, display_name, email) in table {
        let user = update(&system, &token, me("new", "new@example.com"), mask).await.unwrap();
        assert_eq!((user.display_name.as_str(), user.email.as_str()), (display_name, email), "{mask:?}");
        update(&system, &token, me("alice", "alice@example.com"), &["*"]).await.unwrap();
    }
}

#[tokio::test]
async fn without_a_mask_the_fields_that_are_set_change() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    let user = update(&system, &token, me("Alice A.", ""), &[]).await.unwrap();
    assert_eq!((user.display_name.as_str(), user.email.as_str()), ("Alice A.", "alice@example.com"));
}

#[tokio::test]
async fn a_star_clears_what_is_not_set() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    let user = update(&system, &token, me("", ""), &["*"]).await.unwrap();
    assert_eq!((user.display_name.as_str(), user.email.as_str()), ("", ""));
}

#[tokio::test]
async fn what_only_the_service_writes_cannot_be_set() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    let before = granted.user.unwrap();
    let greedy = User { email_verified: true, roles: vec![1], state: 2, create_time: None, ..me("alice", "") };
    for mask in [["*"], ["roles"], ["email_verified"], ["state"], ["name"]] {
        let after = update(&system, &granted.access_token, greedy.clone(), &mask).await.unwrap();
        let unchanged = |user: &User| {
            let User { name, username, email_verified, roles, state, create_time, .. } = user.clone();
            (name, username, email_verified, roles, state, create_time)
        };
        assert_eq!(unchanged(&after), unchanged(&before), "{mask:?}");
    }
}

#[tokio::test]
async fn an_unknown_field_in_the_mask_is_an_invalid_argument() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    for path in ["password", "password_hash", "user.display_name", "display_name.x", "", "displayName"] {
        let status = update(&system, &token, me("x", ""), &["display_name", path]).await.unwrap_err();
        assert_eq!(violations(&status), ["update_mask"], "{path}");
    }
    let many = ["display_name"; 33];
    assert_eq!(violations(&update(&system, &token, me("x", ""), &many).await.unwrap_err()), ["update_mask"]);
}

#[tokio::test]
async fn an_update_names_all_that_is_wrong_at_once() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    let wrong =
        User { name: "users/x".to_owned(), username: "1".to_owned(), etag: "e".repeat(65), ..me("a\nb", "nowhere") };
    let status = update(&system, &token, wrong, &["x"]).await.unwrap_err();
    let all = ["update_mask", "user.name", "user.username", "user.display_name", "user.email", "user.etag"];
    assert_eq!(violations(&status), all);
    let nothing = UpdateUserRequest::default();
    let status = system.users().update_user(with_token(&token, nothing)).await.unwrap_err();
    assert_eq!(violations(&status), ["user"]);
}

#[tokio::test]
async fn an_etag_guards_the_version_that_it_was_read_with() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    let (token, read) = (granted.access_token, granted.user.unwrap());
    let written = update(&system, &token, User { etag: read.etag.clone(), ..me("one", "") }, &[]).await.unwrap();
    assert_ne!(written.etag, read.etag);
    for stale in [read.etag.as_str(), "W/\"x\"", "0", "-1"] {
        let status = update(&system, &token, User { etag: stale.to_owned(), ..me("two", "") }, &[]).await.unwrap_err();
        assert_eq!(reason(&status), (Code::Aborted, "ETAG_MISMATCH".to_owned()), "{stale}");
        assert_eq!(status.get_error_details().error_info().unwrap().metadata["resource"], "users/me");
    }
    assert_eq!(system.get(&token, "users/me").await.unwrap(), written);
}

#[tokio::test]
async fn of_many_updates_of_one_version_one_wins() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    let (token, etag) = (granted.access_token, granted.user.unwrap().etag);
    let updates = (0..20).map(|n| {
        let user = User { etag: etag.clone(), ..me(&n.to_string(), "") };
        update(&system, &token, user, &[])
    });
    let answers = futures_util::future::join_all(updates).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
}

#[tokio::test]
async fn another_address_is_unverified_and_the_same_one_stays_verified() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    system.make("alice", "verified").await;
    let same = update(&system, &token, me("", "alice@example.com"), &["email"]).await.unwrap();
    assert!(same.email_verified);
    let other = update(&system, &token, me("", "alice@example.org"), &["email"]).await.unwrap();
    assert!(!other.email_verified);
}

#[tokio::test]
async fn a_change_of_the_address_to_somebody_elses_is_told_to_nobody() {
    let system = System::start().await;
    system.user("bob").await;
    system.make("bob", "verified").await;
    let token = system.somebody("alice").await.access_token;
    let user = update(&system, &token, me("", "bob@example.com"), &["email"]).await.unwrap();
    assert!(!user.email_verified);
}

#[tokio::test]
async fn a_change_is_dated() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    system.clock.advance(std::time::Duration::from_secs(5));
    let user = update(&system, &granted.access_token, me("new", ""), &[]).await.unwrap();
    assert_eq!(user.update_time.unwrap().seconds - user.create_time.unwrap().seconds, 5);
}

#[tokio::test]
async fn a_user_can_be_renamed_and_logs_in_by_the_new_name() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    let renamed = User { username: "Alicia".to_owned(), ..me("", "") };
    let user = update(&system, &token, renamed, &["username"]).await.unwrap();
    assert_eq!(user.username, "Alicia");
    assert!(system.try_log_in("alicia", crate::system::PASSWORD).await.is_ok());
    assert!(system.try_log_in("alice", crate::system::PASSWORD).await.is_err());
}

#[tokio::test]
async fn a_name_that_somebody_has_is_refused_in_every_case() {
    let system = System::start().await;
    system.user("bob").await;
    let token = system.somebody("alice").await.access_token;
    let renamed = User { username: "BOB".to_owned(), ..me("new", "") };
    let answer = update(&system, &token, renamed, &["username", "display_name"]).await;
    refused(answer, Code::AlreadyExists, "USERNAME_TAKEN");
    assert_eq!(system.get(&token, "users/me").await.unwrap().display_name, "alice", "and nothing was changed");
}

#[tokio::test]
async fn a_name_can_change_its_case_and_not_be_cleared() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    let louder = User { username: "ALICE".to_owned(), ..me("", "") };
    assert_eq!(update(&system, &token, louder, &["username"]).await.unwrap().username, "ALICE");
    let nameless = User { username: String::new(), ..me("", "") };
    for mask in ["username", "*"] {
        let status = update(&system, &token, nameless.clone(), &[mask]).await.unwrap_err();
        assert_eq!(violations(&status), ["user.username"], "{mask}");
    }
}
