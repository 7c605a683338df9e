//! What services are told that check tokens: keys, what was revoked before, and what is revoked from now on.

mod consumers;
mod failover;
pub(crate) mod followers;
mod order;
mod pace;

use std::time::Duration;

use proto::auth::v1::watch_security_events_response::Content;
use proto::auth::v1::{
    ChangePasswordRequest, DeleteUserRequest, DisableUserRequest, LogOutRequest, RevokeAllSessionsRequest,
    RevokeSessionRequest, Role, SetRolesRequest,
};
use tonic::Code;

use self::followers::watch;
use crate::system::{PASSWORD, START, System, reason, refused, with_token};

#[tokio::test]
async fn a_new_follower_is_told_the_keys_then_what_was_revoked_then_that_this_is_all() {
    let system = System::start().await;
    let mut stream = watch(&system, "").await.unwrap();
    let first = stream.next().await.unwrap();
    let Some(Content::Keys(keys)) = first.content else { panic!("{first:?}") };
    assert_eq!((keys.keys.len(), keys.token_lifetime.unwrap().seconds), (1, 300));
    assert_eq!(keys.keys[0].kid, system.signer.published()[0].kid);
    let second = stream.next().await.unwrap();
    let Some(Content::Snapshot(snapshot)) = second.content else { panic!("{second:?}") };
    assert!(snapshot.complete && snapshot.events.is_empty());
    let third = stream.next().await.unwrap();
    assert!(matches!(third.content, Some(Content::Bookmark(_))), "{third:?}");
    assert_eq!(third.time.unwrap().seconds, START.unix_timestamp());
}

#[tokio::test]
async fn who_logs_out_is_told_to_followers() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    let mut stream = watch(&system, "").await.unwrap();
    stream.all().await;
    system.auth().log_out(with_token(&granted.access_token, LogOutRequest {})).await.unwrap();
    let event = stream.event().await;
    assert_eq!(event.user, granted.user.unwrap().name);
    assert_eq!(event.ended_sessions, [granted.session.unwrap().name]);
    assert!((event.least_epoch, event.user_deleted) == (0, false) && event.event_time.is_some());
}

#[tokio::test]
async fn sessions_that_end_with_others_are_each_told() {
    let system = System::start().await;
    let mut sessions = [system.somebody("alice").await, system.log_in("alice").await, system.log_in("alice").await];
    let mut stream = watch(&system, "").await.unwrap();
    stream.all().await;
    let [one, two, three] = &mut sessions;
    let name = one.session.clone().unwrap().name;
    let request = RevokeSessionRequest { name: name.clone() };
    system.sessions().revoke_session(with_token(&three.access_token, request)).await.unwrap();
    assert_eq!(stream.event().await.ended_sessions, [name]);
    let request = RevokeAllSessionsRequest { parent: "users/me".to_owned(), keep_present: true };
    system.sessions().revoke_all_sessions(with_token(&three.access_token, request)).await.unwrap();
    assert_eq!(stream.event().await.ended_sessions, [two.session.clone().unwrap().name]);
}

#[tokio::test]
async fn what_outdates_the_tokens_of_a_user_is_told_as_an_epoch() {
    let system = System::start().await;
    let (admin, alice) = (system.admin("root").await, system.somebody("alice").await);
    let other = system.log_in("alice").await;
    let name = alice.user.unwrap().name;
    let mut stream = watch(&system, "").await.unwrap();
    stream.all().await;
    let request = SetRolesRequest { name: name.clone(), roles: vec![Role::Admin.into()] };
    system.users().set_roles(with_token(&admin.access_token, request)).await.unwrap();
    assert_eq!(stream.event().await.least_epoch, 1);
    let request = ChangePasswordRequest {
        name: "users/me".to_owned(),
        current_password: PASSWORD.to_owned(),
        new_password: format!("another {PASSWORD}"),
        keep_other_sessions: false,
    };
    system.users().change_password(with_token(&other.access_token, request)).await.unwrap();
    let event = stream.event().await;
    assert_eq!((event.least_epoch, event.ended_sessions), (2, vec![alice.session.unwrap().name]));
    let request = DisableUserRequest { name: name.clone() };
    system.users().disable_user(with_token(&admin.access_token, request)).await.unwrap();
    let event = stream.event().await;
    assert_eq!((event.least_epoch, event.ended_sessions), (3, vec![other.session.unwrap().name]));
    assert_eq!(event.user, name);
}

#[tokio::test]
async fn a_user_who_is_gone_is_told() {
    let system = System::start().await;
    let alice = system.somebody("alice").await;
    let mut stream = watch(&system, "").await.unwrap();
    stream.all().await;
    let request = DeleteUserRequest { name: "users/me".to_owned(), password: PASSWORD.to_owned() };
    system.users().delete_user(with_token(&alice.access_token, request)).await.unwrap();
    let event = stream.event().await;
    assert!(event.user_deleted && event.user == alice.user.unwrap().name, "{event:?}");
}

#[tokio::test]
async fn what_another_replica_does_is_told() {
    let system = System::start().await;
    let (other, alice) = (system.replica().await, system.somebody("alice").await);
    let mut stream = watch(&other, "").await.unwrap();
    stream.all().await;
    system.auth().log_out(with_token(&alice.access_token, LogOutRequest {})).await.unwrap();
    assert_eq!(stream.event().await.ended_sessions, [alice.session.unwrap().name]);
}

#[tokio::test]
async fn a_snapshot_holds_what_may_still_matter_and_nothing_older() {
    let system = System::start().await;
    let (old, new) = (system.somebody("alice").await, system.somebody("bob").await);
    let mut stream = watch(&system, "").await.unwrap();
    for granted in [&old, &new] {
        system.auth().log_out(with_token(&granted.access_token, LogOutRequest {})).await.unwrap();
        stream.event().await;
        system.clock.advance(Duration::from_mins(4));
    }
    let told = async || watch(&system, "").await.unwrap().all().await.0.into_iter().map(|event| event.user);
    assert!(told().await.eq([new.user.unwrap().name]));
}

#[tokio::test]
async fn whoever_comes_back_goes_on_where_they_were() {
    let system = System::start().await;
    let mut witness = watch(&system, "").await.unwrap();
    let (_, mut cursor) = witness.all().await;
    for name in ["alice", "bob", "carol"] {
        let granted = system.somebody(name).await;
        system.auth().log_out(with_token(&granted.access_token, LogOutRequest {})).await.unwrap();
        let missed = witness.event().await;
        let mut stream = watch(&system, &cursor).await.unwrap();
        let first = stream.next().await.unwrap();
        assert!(matches!(first.content, Some(Content::Keys(_))) && first.cursor == cursor, "{first:?}");
        let second = stream.next().await.unwrap();
        assert_eq!(second.content, Some(Content::Event(missed)));
        cursor = second.cursor;
    }
}

#[tokio::test]
async fn a_cursor_that_was_never_given_out_begins_anew() {
    let system = System::start().await;
    let mut stream = watch(&system, "999999").await.unwrap();
    let keys = stream.next().await.unwrap();
    assert_eq!(keys.cursor, "");
    assert!(matches!(stream.next().await.unwrap().content, Some(Content::Snapshot(_))));
}

#[tokio::test]
async fn what_is_no_cursor_is_refused() {
    let system = System::start().await;
    for text in ["x", "-1", "+1", "01", " 1", "9223372036854775808"] {
        let answer = watch(&system, text).await.map(drop);
        refused(answer, Code::InvalidArgument, "CURSOR_INVALID");
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_service_and_says_so() {
    let mut system = System::start().await;
    let mut stream = watch(&system, "").await.unwrap();
    stream.all().await;
    system.stop();
    let status = loop {
        if let Err(status) = stream.next().await {
            break status;
        }
    };
    assert_eq!(reason(&status), (Code::Unavailable, "FEED_INTERRUPTED".to_owned()));
}
