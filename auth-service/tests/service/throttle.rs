use std::time::Duration;

use auth_service::password::{self, Password, PasswordHash};
use futures_util::FutureExt;
use futures_util::future::join_all;
use proto::auth::v1::{ChangePasswordRequest, DeleteUserRequest, GetJwksRequest, LogOutRequest};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::system::{PASSWORD, System, cheap_hashes, reason, refused, registration, with_token};

const WRONG: &str = "wrong horse battery";
const INVALID: &str = "CREDENTIALS_INVALID";
const THROTTLED: &str = "LOG_IN_THROTTLED";

/// As many wrong passwords as are looked at without a delay.
async fn exhaust(system: &System, name: &str) {
    for _ in 0..5 {
        refused(system.try_log_in(name, WRONG).await, Code::Unauthenticated, INVALID);
    }
}

/// The refusal of a throttled attempt.
async fn throttled(system: &System, name: &str, password: &str) -> Status {
    let status = system.try_log_in(name, password).await.unwrap_err();
    assert_eq!(reason(&status), (Code::ResourceExhausted, THROTTLED.to_owned()));
    status
}

fn wait(status: &Status) -> Duration {
    status.get_error_details().retry_info().unwrap().retry_delay.unwrap()
}

#[tokio::test]
async fn after_five_wrong_passwords_the_right_one_waits_too() {
    let system = System::start().await;
    system.user("alice").await;
    exhaust(&system, "alice").await;
    assert_eq!(wait(&throttled(&system, "alice", PASSWORD).await), Duration::from_secs(1));
    system.clock.advance(Duration::from_millis(400));
    assert_eq!(wait(&throttled(&system, "ALICE", PASSWORD).await), Duration::from_millis(600));
    system.clock.advance(Duration::from_millis(600));
    assert!(system.try_log_in("alice", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn each_further_one_waits_twice_as_long_up_to_a_quarter_of_an_hour() {
    let system = System::start().await;
    exhaust(&system, "nobody").await;
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900] {
        let delay = Duration::from_secs(seconds);
        assert_eq!(wait(&throttled(&system, "nobody", WRONG).await), delay);
        system.clock.advance(delay);
        refused(system.try_log_in("nobody", WRONG).await, Code::Unauthenticated, INVALID);
    }
}

#[tokio::test]
async fn guesses_made_at_once_are_no_more_than_others() {
    let system = System::start().await;
    system.user("alice").await;
    let answers = join_all((0..50).map(|_| system.try_log_in("alice", WRONG))).await;
    let looked_at = answers.into_iter().filter(|answer| reason(answer.as_ref().unwrap_err()).1 == INVALID).count();
    assert_eq!(looked_at, 5);
}

#[tokio::test]
async fn the_delay_tells_nobody_who_is_there() {
    let system = System::start().await;
    system.user("alice").await;
    system.user("bob").await;
    system.make("bob", "disabled").await;
    let mut answers = Vec::new();
    for name in ["alice", "bob", "nobody"] {
        exhaust(&system, name).await;
        let status = throttled(&system, name, PASSWORD).await;
        answers.push((status.message().to_owned(), status.details().to_vec()));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test]
async fn one_name_does_not_wait_for_another() {
    let system = System::start().await;
    system.user("alice").await;
    exhaust(&system, "bob").await;
    assert!(system.try_log_in("alice", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_success_begins_the_count_again() {
    let system = System::start().await;
    system.user("alice").await;
    for _ in 0..3 {
        for _ in 0..4 {
            refused(system.try_log_in("alice", WRONG).await, Code::Unauthenticated, INVALID);
        }
        system.log_in("alice").await;
    }
    exhaust(&system, "alice").await;
}

#[tokio::test]
async fn a_day_without_an_attempt_begins_the_count_again() {
    let system = System::start().await;
    exhaust(&system, "alice").await;
    system.clock.advance(Duration::from_hours(24));
    exhaust(&system, "alice").await;
    throttled(&system, "alice", WRONG).await;
}

#[tokio::test]
async fn who_is_logged_in_stays_so() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    exhaust(&system, "alice").await;
    throttled(&system, "alice", PASSWORD).await;
    assert!(system.get(&granted.access_token, "users/me").await.is_ok());
    assert!(system.refresh(&granted.refresh_token).await.is_ok());
}

#[tokio::test]
async fn an_attempt_that_was_not_looked_at_does_not_count() {
    let narrow =
        password::Settings { hash_threads: 1.try_into().ok(), hash_queue: 1.try_into().unwrap(), ..cheap_hashes() };
    let system = System::with(narrow).await;
    let long = "$argon2id$v=19$m=65536,t=10,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let occupy = || {
        let password = Password::presented(WRONG.to_owned()).unwrap();
        Box::pin(system.hasher.compare(password, PasswordHash::from_phc(long)))
    };
    let (mut waiting, mut reasons) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        let mut job = occupy();
        while job.as_mut().now_or_never().is_none() {
            waiting.push(std::mem::replace(&mut job, occupy()));
        }
        reasons.push(reason(&system.try_log_in("alice", WRONG).await.unwrap_err()).1);
    }
    let shed = reasons.iter().filter(|reason| *reason == "HASHING_BUSY").count();
    assert!(shed > 5, "{reasons:?}");
    let failures = "SELECT failures FROM auth.throttles";
    let failures: i32 = sqlx::query_scalar(failures).fetch_one(&mut system.sql().await).await.unwrap();
    assert_eq!(usize::try_from(failures).unwrap(), reasons.len() - shed);
}

async fn change(system: &System, token: &str, current_password: &str) -> Result<(), Status> {
    let request = ChangePasswordRequest {
        name: "users/me".to_owned(),
        current_password: current_password.to_owned(),
        new_password: "a battery of horses".to_owned(),
        keep_other_sessions: true,
    };
    system.users().change_password(with_token(token, request)).await.map(drop)
}

async fn delete(system: &System, token: &str, password: &str) -> Result<(), Status> {
    let request = DeleteUserRequest { name: "users/me".to_owned(), password: password.to_owned() };
    system.users().delete_user(with_token(token, request)).await.map(drop)
}

#[tokio::test]
async fn a_stolen_session_guesses_no_faster() {
    let system = System::start().await;
    let (alice, bob) = (system.somebody("alice").await.access_token, system.somebody("bob").await.access_token);
    for _ in 0..3 {
        refused(change(&system, &alice, WRONG).await, Code::PermissionDenied, "PASSWORD_WRONG");
    }
    for _ in 0..2 {
        refused(delete(&system, &alice, WRONG).await, Code::PermissionDenied, "PASSWORD_WRONG");
    }
    refused(change(&system, &alice, PASSWORD).await, Code::ResourceExhausted, THROTTLED);
    refused(delete(&system, &alice, PASSWORD).await, Code::ResourceExhausted, THROTTLED);
    assert!(change(&system, &bob, PASSWORD).await.is_ok(), "others go on");
    assert!(system.try_log_in("alice", PASSWORD).await.is_ok(), "and the owner can log in");
    system.clock.advance(Duration::from_secs(1));
    assert!(change(&system, &alice, PASSWORD).await.is_ok());
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM auth.throttles").fetch_one(&mut system.sql().await).await.unwrap();
    assert_eq!(rows, 0, "a success is remembered of nobody");
}

#[tokio::test]
async fn one_address_makes_so_many_calls_without_a_token_and_no_more() {
    let system = System::with_burst(4).await;
    let granted = system.somebody("alice").await;
    refused(system.refresh("no token").await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    refused(system.try_log_in("bob", WRONG).await, Code::Unauthenticated, INVALID);
    let status = system.try_log_in("alice", PASSWORD).await.unwrap_err();
    assert_eq!(reason(&status), (Code::ResourceExhausted, "ADDRESS_THROTTLED".to_owned()));
    assert_eq!(wait(&status), Duration::from_millis(200));
    for answer in [system.register(registration("carol")).await.map(drop), system.refresh("no token").await.map(drop)] {
        refused(answer, Code::ResourceExhausted, "ADDRESS_THROTTLED");
    }
    let log_out = with_token(&granted.access_token, LogOutRequest {});
    assert!(system.auth().get_jwks(GetJwksRequest {}).await.is_ok(), "the keys are for everybody");
    assert!(system.auth().log_out(log_out).await.is_ok(), "and a token is another matter");
    system.clock.advance(Duration::from_millis(200));
    assert!(system.try_log_in("alice", PASSWORD).await.is_ok());
}
