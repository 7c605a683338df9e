use std::time::Duration;

use futures_util::future::join_all;
use proto::auth::v1::{IntrospectTokenRequest, RequestPasswordResetRequest, ResetPasswordRequest};
use tonic::{Code, Status};

use crate::system::{PASSWORD, System, refused, violations, with_token};

const NEW: &str = "a battery of horses";

impl System {
    pub(crate) async fn request_reset(&self, email: &str) {
        let request = RequestPasswordResetRequest { email: email.to_owned() };
        self.auth().request_password_reset(request).await.unwrap();
    }

    pub(crate) async fn reset(&self, token: &str, password: &str) -> Result<(), Status> {
        let request = ResetPasswordRequest { token: token.to_owned(), new_password: password.to_owned() };
        self.auth().reset_password(request).await.map(drop)
    }

    /// A user with a verified address, and no mail about it.
    pub(crate) async fn verified(&self, username: &str) -> String {
        self.user(username).await;
        self.make(username, "verified").await;
        self.letters().await;
        format!("{username}@example.com")
    }

    /// The token of a reset that the user of this address asks for.
    pub(crate) async fn reset_token(&self, email: &str) -> String {
        self.request_reset(email).await;
        self.letter().await.token()
    }
}

async fn invalid(system: &System, token: &str) {
    refused(system.reset(token, NEW).await, Code::Unauthenticated, "MAIL_TOKEN_INVALID");
}

#[tokio::test]
async fn who_forgot_the_password_chooses_another_by_mail() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    system.request_reset(&email.to_uppercase()).await;
    let letter = system.letter().await;
    assert_eq!((letter.to.as_str(), letter.subject.as_str()), (&*email.to_uppercase(), "Choose a new password"));
    system.reset(&letter.token(), NEW).await.unwrap();
    refused(system.try_log_in("alice", PASSWORD).await, Code::Unauthenticated, "CREDENTIALS_INVALID");
    assert!(system.try_log_in("alice", NEW).await.is_ok());
    let told = system.letter().await;
    assert_eq!((told.to.as_str(), told.subject.as_str()), (email.as_str(), "Your password was changed"));
}

#[tokio::test]
async fn a_reset_ends_every_session_and_every_access_token() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    let (one, other) = (system.log_in("alice").await, system.log_in("alice").await);
    let token = system.reset_token(&email).await;
    system.reset(&token, NEW).await.unwrap();
    for granted in [one, other] {
        refused(system.get(&granted.access_token, "users/me").await, Code::Unauthenticated, "SESSION_ENDED");
        refused(system.refresh(&granted.refresh_token).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
        let introspect = IntrospectTokenRequest { token: granted.access_token };
        let told = system.tokens("todo-service").introspect_token(introspect).await.unwrap().into_inner();
        assert!(!told.active);
    }
}

#[tokio::test]
async fn of_fifty_uses_at_once_one_succeeds() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    let token = system.reset_token(&email).await;
    let passwords: Vec<_> = (0..50).map(|number| format!("{NEW} {number}")).collect();
    let answers = join_all(passwords.iter().map(|password| system.reset(&token, password))).await;
    let winners: Vec<_> = answers.iter().zip(&passwords).filter(|(answer, _)| answer.is_ok()).collect();
    assert_eq!(winners.len(), 1);
    assert!(system.try_log_in("alice", winners[0].1).await.is_ok());
    for answer in answers.into_iter().filter(Result::is_err) {
        // The hashing queue sheds what comes too late.
        let status = answer.unwrap_err();
        assert!([Code::Unauthenticated, Code::ResourceExhausted].contains(&status.code()), "{status:?}");
    }
}

#[tokio::test]
async fn a_reset_token_works_once() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    let token = system.reset_token(&email).await;
    system.reset(&token, NEW).await.unwrap();
    invalid(&system, &token).await;
}

#[tokio::test]
async fn a_reset_token_is_good_for_ten_minutes() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    let token = system.reset_token(&email).await;
    system.clock.advance(Duration::from_mins(10));
    invalid(&system, &token).await;
    let token = system.reset_token(&email).await;
    system.clock.advance(Duration::from_mins(10) - Duration::from_millis(1));
    system.reset(&token, NEW).await.unwrap();
}

#[tokio::test]
async fn a_newer_reset_token_ends_the_one_before() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    let old = system.reset_token(&email).await;
    system.clock.advance(Duration::from_mins(1));
    let new = system.reset_token(&email).await;
    invalid(&system, &old).await;
    system.reset(&new, NEW).await.unwrap();
}

#[tokio::test]
async fn another_address_and_another_password_end_a_reset_token() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    let session = system.log_in("alice").await.access_token;
    let token = system.reset_token(&email).await;
    system.set_email(&session, "other@example.com").await.unwrap();
    invalid(&system, &token).await;

    let email = system.verified("bob").await;
    let session = system.log_in("bob").await.access_token;
    let token = system.reset_token(&email).await;
    let request = proto::auth::v1::ChangePasswordRequest {
        name: "users/me".to_owned(),
        current_password: PASSWORD.to_owned(),
        new_password: NEW.to_owned(),
        keep_other_sessions: true,
    };
    system.users().change_password(with_token(&session, request)).await.unwrap();
    invalid(&system, &token).await;
}

#[tokio::test]
async fn a_disabled_user_is_mailed_no_token_and_can_use_none() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    let token = system.reset_token(&email).await;
    system.make("alice", "disabled").await;
    invalid(&system, &token).await;
    system.clock.advance(Duration::from_mins(1));
    system.request_reset(&email).await;
    assert!(system.letters().await.is_empty());
}

#[tokio::test]
async fn a_verification_token_resets_nothing() {
    let system = System::start().await;
    system.user("alice").await;
    invalid(&system, &system.letter().await.token()).await;
    invalid(&system, "anything").await;
}

#[tokio::test]
async fn nobody_learns_whose_an_address_is() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    system.user("bob").await;
    system.letters().await;
    for address in [email.as_str(), "bob@example.com", "nobody@example.com", "a..b@not-for-mail"] {
        system.request_reset(address).await;
    }
    let rows = "SELECT length(sealed)::bigint - length($1) FROM auth.outbox";
    let rows: Vec<i64> = sqlx::query_scalar(rows).bind(&email).fetch_all(&mut system.sql().await).await.unwrap();
    assert_eq!(rows.len(), 4, "one row each, and nothing else is done");
    let tokens: i64 =
        sqlx::query_scalar("SELECT count(*) FROM auth.mail_tokens").fetch_one(&mut system.sql().await).await.unwrap();
    assert_eq!(tokens, 1, "bob's verification token of before");
    assert_eq!(system.letter().await.to, email, "only a verified address gets a letter");
}

#[tokio::test]
async fn one_reset_mail_goes_out_a_minute_and_five_an_hour() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    let mut sent = 0;
    for _ in 0..20 {
        system.request_reset(&email).await;
        system.request_reset(&email).await;
        let letters = system.letters().await.len();
        assert!(letters <= 1);
        sent += letters;
        system.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(sent, 5);
    system.clock.advance(Duration::from_mins(40));
    system.request_reset(&email).await;
    assert_eq!(system.letters().await.len(), 1, "an hour after the first");
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let system = System::start().await;
    assert_eq!(violations(&system.reset("", "short").await.unwrap_err()), ["token", "new_password"]);
    assert_eq!(violations(&system.reset(&"x".repeat(513), NEW).await.unwrap_err()), ["token"]);
    let request = RequestPasswordResetRequest { email: "nowhere".to_owned() };
    assert_eq!(violations(&system.auth().request_password_reset(request).await.unwrap_err()), ["email"]);
}

#[tokio::test]
async fn who_asked_and_who_did_is_recorded_and_no_secret() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    let token = system.reset_token(&email).await;
    system.reset(&token, NEW).await.unwrap();
    let rows = "SELECT kind, peer, details::text FROM auth.events WHERE kind LIKE 'password%' ORDER BY id";
    let rows: Vec<(String, Option<String>, String)> =
        sqlx::query_as(rows).fetch_all(&mut system.sql().await).await.unwrap();
    let mut kinds: Vec<_> = rows.iter().map(|(kind, peer, _)| (kind.as_str(), peer.as_deref())).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [("password_reset", Some("client")), ("password_reset_requested", Some("client"))]);
    assert!(rows.iter().all(|(_, _, details)| !details.contains(&token) && !details.contains(NEW)), "{rows:?}");
}

#[tokio::test]
async fn a_reset_works_for_who_is_throttled_and_ends_that() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    for _ in 0..6 {
        assert!(system.try_log_in("alice", "wrong horse battery").await.is_err());
        assert!(system.try_log_in(&email, "wrong horse battery").await.is_err());
    }
    refused(system.try_log_in("alice", PASSWORD).await, Code::ResourceExhausted, "LOG_IN_THROTTLED");
    let token = system.reset_token(&email).await;
    system.reset(&token, NEW).await.unwrap();
    assert!(system.try_log_in("alice", NEW).await.is_ok());
    assert!(system.try_log_in(&email, NEW).await.is_ok());
}

#[tokio::test]
async fn a_password_that_is_easy_to_guess_does_not_use_the_token_up() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    let token = system.reset_token(&email).await;
    let status = system.reset(&token, &email).await.unwrap_err();
    assert_eq!(violations(&status), ["new_password"]);
    system.reset(&token, NEW).await.unwrap();
}
