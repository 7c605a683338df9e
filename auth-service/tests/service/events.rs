//! What is kept of acts that end sessions: each in the transaction of the act.

use proto::auth::v1::{
    ChangePasswordRequest, DisableUserRequest, LogInResponse, LogOutRequest, RevokeAllSessionsRequest,
};
use sqlx::Row;
use tonic::Code;
use uuid::Uuid;

use crate::system::{PASSWORD, System, refused, with_token};

/// An event: user, actor, session and the sessions that ended with it, in no order.
type Told = (Option<Uuid>, Option<Uuid>, Option<Uuid>, Vec<Uuid>);

async fn events(system: &System, kind: &str) -> Vec<Told> {
    let events = "SELECT user_id, actor_id, session_id, peer,
                         ARRAY(SELECT jsonb_array_elements_text(details->'sessions')::uuid ORDER BY 1) AS ended
                  FROM auth.events WHERE kind = $1 ORDER BY at, id";
    let rows = sqlx::query(events).bind(kind).fetch_all(&mut system.sql().await).await.unwrap();
    assert!(rows.iter().all(|row| row.get::<&str, _>("peer") == "client"), "whence is kept");
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get("ended"))).collect()
}

/// The ids of the user and of the session of a log-in.
fn ids(granted: &LogInResponse) -> (Uuid, Uuid) {
    let name = &granted.session.as_ref().unwrap().name;
    let (user, session) = name.strip_prefix("users/").unwrap().split_once("/sessions/").unwrap();
    (user.parse().unwrap(), session.parse().unwrap())
}

fn sorted(sessions: &[&LogInResponse]) -> Vec<Uuid> {
    let mut ids: Vec<_> = sessions.iter().map(|granted| ids(granted).1).collect();
    ids.sort();
    ids
}

async fn live(system: &System) -> i64 {
    let live = "SELECT count(*) FROM auth.sessions WHERE ended_at IS NULL";
    sqlx::query_scalar(live).fetch_one(&mut system.sql().await).await.unwrap()
}

#[tokio::test]
async fn a_log_out_is_told_once() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    for _ in 0..2 {
        system.auth().log_out(with_token(&granted.access_token, LogOutRequest {})).await.unwrap();
    }
    let (user, session) = ids(&granted);
    assert_eq!(events(&system, "logged_out").await, [(Some(user), Some(user), Some(session), vec![])]);
}

#[tokio::test]
async fn a_refresh_token_used_twice_is_told_and_by_whom_nobody_knows() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    let second = system.refresh(&granted.refresh_token).await.unwrap();
    system.refresh(&second.refresh_token).await.unwrap();
    for _ in 0..2 {
        system.refresh(&granted.refresh_token).await.unwrap_err();
    }
    let (user, session) = ids(&granted);
    assert_eq!(events(&system, "refresh_token_reused").await, [(Some(user), None, Some(session), vec![])]);
}

#[tokio::test]
async fn each_session_that_gave_way_to_another_is_told() {
    let system = System::start().await;
    let mut first = vec![system.somebody("alice").await];
    for _ in 1..22 {
        system.clock.advance(std::time::Duration::from_secs(1));
        first.push(system.log_in("alice").await);
    }
    let told: Vec<_> = events(&system, "session_superseded").await.into_iter().map(|told| told.2).collect();
    assert_eq!(told, [Some(ids(&first[0]).1), Some(ids(&first[1]).1)]);
}

#[tokio::test]
async fn what_ends_several_sessions_says_which() {
    let system = System::start().await;
    let (root, one) = (system.admin("root").await, system.somebody("alice").await);
    let (two, three) = (system.log_in("alice").await, system.log_in("alice").await);
    let (user, session) = ids(&one);
    let request = RevokeAllSessionsRequest { parent: "users/me".to_owned(), keep_present: true };
    system.sessions().revoke_all_sessions(with_token(&one.access_token, request)).await.unwrap();
    let ended = sorted(&[&two, &three]);
    assert_eq!(events(&system, "sessions_revoked").await, [(Some(user), Some(user), Some(session), ended)]);

    let four = system.log_in("alice").await;
    let request = ChangePasswordRequest {
        name: "users/me".to_owned(),
        current_password: PASSWORD.to_owned(),
        new_password: format!("another {PASSWORD}"),
        ..ChangePasswordRequest::default()
    };
    system.users().change_password(with_token(&one.access_token, request)).await.unwrap();
    let ended = sorted(&[&four]);
    assert_eq!(events(&system, "password_changed").await, [(Some(user), Some(user), Some(session), ended)]);

    let request = DisableUserRequest { name: one.user.clone().unwrap().name };
    system.users().disable_user(with_token(&root.access_token, request)).await.unwrap();
    let (admin, present) = ids(&root);
    let ended = sorted(&[&one]);
    assert_eq!(events(&system, "user_disabled").await, [(Some(user), Some(admin), Some(present), ended)]);
}

#[tokio::test]
async fn an_act_that_cannot_be_told_does_not_happen() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    for _ in 1..20 {
        system.log_in("alice").await;
    }
    let second = system.refresh(&granted.refresh_token).await.unwrap();
    system.refresh(&second.refresh_token).await.unwrap();
    sqlx::raw_sql("REVOKE INSERT ON auth.events FROM auth_service").execute(&mut system.sql().await).await.unwrap();
    refused(system.refresh(&granted.refresh_token).await, Code::Internal, "INTERNAL");
    refused(system.try_log_in("alice", PASSWORD).await, Code::Internal, "INTERNAL");
    let log_out = system.auth().log_out(with_token(&granted.access_token, LogOutRequest {})).await;
    refused(log_out, Code::Internal, "INTERNAL");
    assert_eq!(live(&system).await, 20, "every session goes on");
}
