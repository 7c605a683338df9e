//! A follower that comes from another replica, which is ahead of this one.

use std::pin::pin;

use auth_service::access_token::Settings;
use auth_service::feed::{Cursor, Item, Pump};
use auth_service::signing_key::Keychain;
use proto::auth::v1::LogOutRequest;
use service_kit::postgres::Database;
use tokio::sync::watch;

use super::followers;
use crate::system::{System, defaults, secret, with_token};

#[tokio::test]
async fn a_replica_that_is_behind_lets_nobody_begin_anew() {
    let system = System::start().await;
    let (database, clock, entropy) = (Database::new(&system.settings), system.clock.clone(), system.entropy.clone());
    let keychain = Keychain::load(&database, &secret(), &clock, &entropy).await.unwrap();
    let bells = [database.commits(), watch::Sender::new(()).subscribe()];
    let life = defaults::<Settings>().lifetime();
    let pump = Pump::new(Database::new(&system.settings), bells, life, keychain, clock, entropy);
    let (feed, start) = (pump.feed(), Cursor::new(0));
    // It looks once, and not again before somebody has come from a replica that is ahead.
    let mut run = pin!(pump.run());
    tokio::select! {
        first = feed.follow(database.clone(), None, start) => drop(first.unwrap()),
        never = &mut run => match never {},
    }
    let mut witness = followers::watch(&system, "").await.unwrap();
    let alice = system.somebody("alice").await;
    system.auth().log_out(with_token(&alice.access_token, LogOutRequest {})).await.unwrap();
    witness.event().await;
    let ahead: Cursor = witness.all().await.1.parse().unwrap();
    let mut follower = tokio::select! {
        biased;
        follower = feed.follow(database, Some(ahead), start) => follower.unwrap(),
        never = &mut run => match never {},
    };
    let first = follower.next().await.unwrap();
    assert!(matches!(first.item, Item::Keys) && first.cursor == Some(ahead), "{first:?}");
    let second = tokio::select! {
        told = follower.next() => told.unwrap(),
        never = &mut run => match never {},
    };
    assert!(matches!(second.item, Item::Bookmark), "{second:?}");
}
