//! Sync tokens: whose they are, how much they hold, and how long they last.

use std::time::Duration;

use service_kit::sealed::MAX_TOKEN;
use todo_service::list::ListId;
use todo_service::revision::{Revision, Revisions};
use todo_service::todo::Parent;
use tonic::Code;
use uuid::Uuid;

use crate::support::world::{World, violations, why};

fn revisions(count: u128) -> Revisions {
    (1..=count).map(|n| (ListId::new(Uuid::from_u128(n)), Revision::new(i64::MAX))).collect()
}

#[tokio::test]
async fn a_token_holds_the_revisions_of_700_lists() {
    let world = World::new().await;
    let (user, tokens) = (world.id(), &world.sync_tokens);
    let token = tokens.seal(user, Parent::All, &revisions(700));
    assert!(token.len() <= MAX_TOKEN, "{}", token.len());
    assert_eq!(tokens.open(user, Parent::All, &token).unwrap(), revisions(700).into());
}

#[tokio::test]
async fn a_token_of_more_lists_begins_anew() {
    let world = World::new().await;
    let (user, tokens) = (world.id(), &world.sync_tokens);
    let token = tokens.seal(user, Parent::All, &revisions(701));
    assert!(!tokens.open(user, Parent::All, &token).unwrap().has_begun());
}

#[tokio::test]
async fn a_token_of_another_caller_or_parent_is_refused() {
    let world = World::new().await;
    let (user, tokens) = (world.id(), &world.sync_tokens);
    let [one, other] = [1, 2].map(|n| Parent::One(ListId::new(Uuid::from_u128(n))));
    let token = tokens.seal(user, one, &revisions(1));
    let altered = format!("{token}A");
    for (caller, parent, token) in
        [(world.id(), one, &token), (user, other, &token), (user, Parent::All, &token), (user, one, &altered)]
    {
        let refused = tokens.open(caller, parent, token).unwrap_err();
        assert_eq!(why(&refused), (Code::InvalidArgument, "SYNC_TOKEN_INVALID".to_owned()));
        assert_eq!(violations(&refused), ["sync_token"]);
    }
}

#[tokio::test]
async fn a_token_older_than_30_days_begins_anew() {
    let world = World::new().await;
    let (user, tokens) = (world.id(), &world.sync_tokens);
    let token = tokens.seal(user, Parent::All, &revisions(1));
    world.clock.advance(Duration::from_hours(30 * 24));
    assert_eq!(tokens.open(user, Parent::All, &token).unwrap(), revisions(1).into());
    world.clock.advance(Duration::from_secs(1));
    assert!(!tokens.open(user, Parent::All, &token).unwrap().has_begun());
}
