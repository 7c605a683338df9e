//! How watches end: typed, and no later than the right to be told.

use std::time::Duration;

use service_kit::token::Revocation;
use tokio::time::timeout;
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::auth::{Auth, Says};
use crate::support::world::{World, metadata, why};

#[tokio::test]
async fn a_watch_ends_when_the_access_to_its_list_does() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("Errands").await;
    world.admit(&bob, &list, "editor").await;
    let watching = bob.watch_from_now(&list.name).await;
    world.execute("DELETE FROM todo.list_members WHERE list_id = $1 AND role = 'editor'", &list).await;
    alice.todo(&list.name, "not for bob").await;
    let status = watching.end().await;
    assert_eq!(why(&status), (Code::PermissionDenied, "ACCESS_ENDED".to_owned()));
    assert_eq!(metadata(&status, "resource"), list.name);
}

#[tokio::test]
async fn a_watch_ends_when_its_list_is_gone() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    let watching = alice.watch_from_now(&list.name).await;
    world.execute("DELETE FROM todo.lists WHERE id = $1", &list).await;
    assert_eq!(why(&watching.end().await), (Code::PermissionDenied, "ACCESS_ENDED".to_owned()));
}

#[tokio::test]
async fn a_watch_ends_with_its_session() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let (ended, mut spared) = (alice.watch_from_now("lists/inbox").await, bob.watch_from_now("lists/inbox").await);
    // A token's session is its user's id here.
    world.revocations.extend([(world.clock.now(), Revocation::Session(alice.id))], world.clock.now());
    assert_eq!(why(&ended.end().await), (Code::Unauthenticated, "SESSION_ENDED".to_owned()));
    bob.todo("lists/inbox", "milk").await;
    assert_eq!(spared.next().await, "milk");
}

#[tokio::test]
async fn a_watch_whose_token_is_outdated_ends_so_that_the_client_refreshes_it() {
    let world = World::new().await;
    let mut alice = world.user();
    let watching = alice.watch_from_now("lists/inbox").await;
    world.revocations.extend([(world.clock.now(), Revocation::Epoch(alice.id, 1))], world.clock.now());
    assert_eq!(why(&watching.end().await), (Code::Unauthenticated, "TOKEN_EXPIRED".to_owned()));
}

#[tokio::test]
async fn a_watch_ends_when_its_token_expires() {
    let world = World::new().await;
    let alice = world.user();
    world.clock.advance(Duration::from_secs(299));
    let mut watching = alice.clone().watch_from_now("lists/inbox").await;
    // The token has a second left.
    let status = timeout(Duration::from_secs(5), watching.message()).await.expect("at its time").unwrap_err();
    assert_eq!(why(&status), (Code::Unauthenticated, "TOKEN_EXPIRED".to_owned()));
}

#[tokio::test]
async fn when_the_service_stops_a_watch_says_up_to_where_nothing_is_missing() {
    let world = World::new().await;
    let mut alice = world.user();
    let mut watching = alice.watch_from_now("lists/inbox").await;
    world.stop.cancel();
    assert_eq!(watching.next().await, "bookmark");
    let status = watching.message().await.unwrap_err();
    assert_eq!(why(&status), (Code::Unavailable, "STOPPING".to_owned()));
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
}

#[tokio::test]
async fn while_auth_service_is_not_heard_it_is_asked_whether_a_watch_may_go_on() {
    let auth = Auth::with_replicas(1);
    let world = World::following(auth.upstream()).await;
    let mut alice = world.user();
    world.revocations.confirm(world.clock.now());
    let watching = alice.watch_from_now("lists/inbox").await;
    world.clock.advance(Duration::from_secs(11));
    auth.says(Says::Inactive);
    assert_eq!(why(&watching.end().await), (Code::Unauthenticated, "SESSION_ENDED".to_owned()));
}

#[tokio::test]
async fn a_user_has_20_watches_at_most_and_another_when_one_has_ended() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(alice.watch("lists/inbox", "").await.unwrap());
    }
    let refused = alice.watch("lists/-", "").await.err().unwrap();
    assert_eq!(why(&refused), (Code::ResourceExhausted, "QUOTA_EXCEEDED".to_owned()));
    assert_eq!(metadata(&refused, "limit"), "20");
    bob.watch("lists/inbox", "").await.expect("another user");
    open.pop();
    assert!(world.watches.open() <= 20);
    alice.watch("lists/-", "").await.expect("a place is free");
    drop(open);
    assert_eq!(world.watches.open(), 0);
}
