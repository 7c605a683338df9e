use std::time::Duration;

use futures_util::future::join_all;
use prost_types::FieldMask;
use proto::auth::v1::{RequestEmailVerificationRequest, UpdateUserRequest, User, VerifyEmailRequest};
use tonic::{Code, Status};

use crate::mailbox::Letter;
use crate::system::{PASSWORD, System, refused, registration, violations, with_token};

impl System {
    pub(crate) async fn verify(&self, token: &str) -> Result<(), Status> {
        self.auth().verify_email(VerifyEmailRequest { token: token.to_owned() }).await.map(drop)
    }

    async fn ask(&self, token: &str) -> Result<(), Status> {
        let request = with_token(token, RequestEmailVerificationRequest {});
        self.auth().request_email_verification(request).await.map(drop)
    }

    pub(crate) async fn set_email(&self, token: &str, email: &str) -> Result<User, Status> {
        let user = User { name: "users/me".to_owned(), email: email.to_owned(), ..User::default() };
        let update_mask = Some(FieldMask { paths: vec!["email".to_owned()] });
        let request = with_token(token, UpdateUserRequest { user: Some(user), update_mask });
        self.users().update_user(request).await.map(tonic::Response::into_inner)
    }

    /// Registers with an address.
    async fn stating(&self, username: &str, email: &str) {
        self.register(proto::auth::v1::RegisterRequest { email: email.to_owned(), ..registration(username) })
            .await
            .unwrap();
    }
}

/// To whom and about what.
fn heads(letters: &[Letter]) -> Vec<(&str, &str)> {
    letters.iter().map(|letter| (letter.to.as_str(), letter.subject.as_str())).collect()
}

async fn invalid(system: &System, token: &str) {
    refused(system.verify(token).await, Code::Unauthenticated, "MAIL_TOKEN_INVALID");
}

#[tokio::test]
async fn an_address_is_its_users_name_once_mail_to_it_was_answered() {
    let system = System::start().await;
    let token = system.somebody("alice").await.access_token;
    let letter = system.letter().await;
    assert_eq!(heads(std::slice::from_ref(&letter)), [("alice@example.com", "Is this your address?")]);
    refused(system.try_log_in("alice@example.com", PASSWORD).await, Code::Unauthenticated, "CREDENTIALS_INVALID");
    let before = system.get(&token, "users/me").await.unwrap();
    system.verify(&letter.token()).await.unwrap();
    let after = system.get(&token, "users/me").await.unwrap();
    assert!(after.email_verified && after.etag != before.etag);
    assert!(system.try_log_in("ALICE@example.com", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn who_states_no_address_gets_no_mail() {
    let system = System::start().await;
    system.stating("alice", "").await;
    assert_eq!(system.waiting().await, 0);
}

#[tokio::test]
async fn of_fifty_uses_at_once_one_succeeds() {
    let system = System::start().await;
    system.user("alice").await;
    let token = system.letter().await.token();
    let answers = join_all((0..50).map(|_| system.verify(&token))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    invalid(&system, &token).await;
}

#[tokio::test]
async fn a_verification_token_is_good_for_a_day() {
    let system = System::start().await;
    system.user("alice").await;
    system.user("bob").await;
    let letters = system.letters().await;
    system.clock.advance(Duration::from_hours(24) - Duration::from_millis(1));
    system.verify(&letters[0].token()).await.unwrap();
    system.clock.advance(Duration::from_millis(1));
    invalid(&system, &letters[1].token()).await;
}

#[tokio::test]
async fn a_newer_verification_token_ends_the_one_before() {
    let system = System::start().await;
    let session = system.somebody("alice").await.access_token;
    let old = system.letter().await.token();
    system.ask(&session).await.unwrap();
    let new = system.letter().await.token();
    invalid(&system, &old).await;
    system.verify(&new).await.unwrap();
}

#[tokio::test]
async fn another_address_ends_the_token_and_both_addresses_are_told() {
    let system = System::start().await;
    let session = system.somebody("alice").await.access_token;
    let old = system.letter().await.token();
    let user = system.set_email(&session, "new@example.com").await.unwrap();
    assert!(!user.email_verified);
    invalid(&system, &old).await;
    let letters = system.letters().await;
    let expected = [("alice@example.com", "Your address was changed"), ("new@example.com", "Is this your address?")];
    assert_eq!(heads(&letters), expected);
    system.verify(&letters[1].token()).await.unwrap();
    let kinds = "SELECT kind FROM auth.events WHERE kind LIKE 'email%' ORDER BY id";
    let kinds: Vec<String> = sqlx::query_scalar(kinds).fetch_all(&mut system.sql().await).await.unwrap();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
}

#[tokio::test]
async fn the_same_address_again_changes_nothing() {
    let system = System::start().await;
    let session = system.somebody("alice").await.access_token;
    let token = system.letter().await.token();
    system.set_email(&session, "alice@example.com").await.unwrap();
    assert_eq!(system.waiting().await, 0);
    system.verify(&token).await.unwrap();
}

#[tokio::test]
async fn an_owner_is_told_when_somebody_else_states_their_address() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    system.stating("mallory", &email).await;
    assert_eq!(heads(&[system.letter().await]), [(email.as_str(), "Somebody gave your address")]);
    let session = system.log_in("mallory").await.access_token;
    system.ask(&session).await.unwrap();
    assert_eq!(heads(&[system.letter().await]), [(email.as_str(), "Somebody gave your address")]);
}

#[tokio::test]
async fn of_two_who_state_an_address_the_first_to_answer_has_it() {
    let system = System::start().await;
    system.stating("alice", "we@example.com").await;
    system.stating("bob", "We@example.com").await;
    let letters = system.letters().await;
    let (one, other) = (letters[0].token(), letters[1].token());
    let (one, other) = tokio::join!(system.verify(&one), system.verify(&other));
    let (winners, losers): (Vec<_>, Vec<_>) = [one, other].into_iter().partition(Result::is_ok);
    assert_eq!(winners.len(), 1);
    for loser in losers {
        refused(loser, Code::AlreadyExists, "EMAIL_TAKEN");
    }
}

#[tokio::test]
async fn there_must_be_something_to_verify() {
    let system = System::start().await;
    system.stating("alice", "").await;
    let session = system.log_in("alice").await.access_token;
    refused(system.ask(&session).await, Code::FailedPrecondition, "EMAIL_MISSING");
    let email = system.verified("bob").await;
    let session = system.try_log_in(&email, PASSWORD).await.unwrap().access_token;
    refused(system.ask(&session).await, Code::FailedPrecondition, "EMAIL_ALREADY_VERIFIED");
    let missing = system.auth().request_email_verification(RequestEmailVerificationRequest {}).await;
    refused(missing, Code::Unauthenticated, "TOKEN_MISSING");
    assert_eq!(system.waiting().await, 0);
}

#[tokio::test]
async fn strangers_cause_three_mails_an_hour_to_an_address_whatever_they_do() {
    let system = System::start().await;
    let mut sent = 0;
    for name in ["alice", "bob", "carol"] {
        system.stating(name, "Victim@example.com").await;
        let session = system.log_in(name).await.access_token;
        system.ask(&session).await.unwrap();
        system.set_email(&session, "").await.unwrap();
        system.set_email(&session, "victim@example.com").await.unwrap();
        sent += system.letters().await.len();
    }
    assert_eq!(sent, 3);
    system.clock.advance(Duration::from_hours(1));
    let session = system.log_in("alice").await.access_token;
    system.ask(&session).await.unwrap();
    assert_eq!(system.letters().await.len(), 1);
}

#[tokio::test]
async fn owners_hear_of_every_change_however_many_there_are() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    let (mut password, mut told) = (PASSWORD.to_owned(), 0);
    for number in 0..5 {
        let session = system.try_log_in(&email, &password).await.unwrap().access_token;
        let new_password = format!("{PASSWORD} {number}");
        let request = proto::auth::v1::ChangePasswordRequest {
            name: "users/me".to_owned(),
            current_password: password,
            new_password: new_password.clone(),
            keep_other_sessions: false,
        };
        system.users().change_password(with_token(&session, request)).await.unwrap();
        password = new_password;
        told += system.letters().await.len();
    }
    assert_eq!(told, 5);
}

#[tokio::test]
async fn a_reset_token_verifies_nothing() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    let token = system.reset_token(&email).await;
    invalid(&system, &token).await;
    assert_eq!(violations(&system.verify("").await.unwrap_err()), ["token"]);
}
