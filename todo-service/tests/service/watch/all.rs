//! All lists that a user can read.

use crate::support::watching::Watching;
use crate::support::world::{User, World};
use proto::todo::v1 as wire;

/// Takes a member away, as the owner does.
async fn remove(owner: &mut User, list: &wire::List, member: &User) {
    owner.remove(&format!("{}/members/{}", list.name, member.id), "").await.unwrap();
}

/// A user with a watch of all lists, of which there is only the inbox.
async fn watcher(world: &World) -> (User, Watching) {
    let mut user = world.user();
    let watching = user.watch_from_now("lists/-").await;
    (user, watching)
}

#[tokio::test]
async fn from_nothing_everything_is_forgotten_and_each_list_is_told() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    alice.todo(&list.name, "milk").await;
    alice.todo("lists/inbox", "tea").await;
    let mut watching = alice.watch("lists/-", "").await.unwrap();
    let told = watching.catch_up().await;
    assert_eq!(told[0], "reset of all");
    let mut lists = [told[1..3].join(": "), told[3..5].join(": ")];
    lists.sort();
    assert_eq!(lists, ["reset: [Errands], milk", "reset: [Inbox], tea"]);
    assert_eq!(told.len(), 5);
}

#[tokio::test]
async fn a_list_to_which_the_user_is_admitted_is_told_from_its_beginning() {
    let world = World::new().await;
    let (bob, mut watching) = watcher(&world).await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    alice.todo(&list.name, "milk").await;
    world.admit(&bob, &list, "editor").await;
    let mut told: Vec<_> = [watching.next().await, watching.next().await, watching.next().await].into();
    told.sort();
    assert_eq!(told, ["[Errands], milk", "[Inbox]", "reset"]);
    alice.todo(&list.name, "tea").await;
    assert_eq!(watching.next().await, "tea");
}

#[tokio::test]
async fn a_list_from_which_the_user_is_removed_is_left_and_told_of_no_more() {
    let world = World::new().await;
    let (mut bob, mut watching) = watcher(&world).await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    world.admit(&bob, &list, "editor").await;
    while watching.next().await != "[Errands]" {}
    remove(&mut alice, &list, &bob).await;
    while watching.next().await != "left" {}
    alice.todo(&list.name, "milk").await;
    bob.todo("lists/inbox", "tea").await;
    // The inbox changes with what its owner can read.
    let mut said = watching.next().await;
    while said == "[Inbox]" {
        said = watching.next().await;
    }
    assert_eq!(said.trim_start_matches("[Inbox], "), "tea");
}

#[tokio::test]
async fn who_comes_back_learns_of_each_list_that_can_be_read_no_more_and_of_new_ones() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let (first, second) = (alice.list("First").await, alice.list("Second").await);
    world.admit(&bob, &first, "editor").await;
    world.admit(&bob, &second, "editor").await;
    let mut token = bob.watch_from_now("lists/-").await.token;
    remove(&mut alice, &first, &bob).await;
    remove(&mut alice, &second, &bob).await;
    let third = alice.list("Third").await;
    world.admit(&bob, &third, "viewer").await;
    // Interrupted after each message.
    let mut told = Vec::new();
    loop {
        let mut watching = bob.watch("lists/-", &token).await.unwrap();
        let said = watching.next().await;
        token = watching.token;
        if said == "bookmark" {
            break;
        }
        told.push(said);
    }
    // The inbox changes with what its owner can read.
    told.retain(|said| said != "[Inbox]");
    assert_eq!(told, ["left", "left", "reset", "[Third]"]);
}

#[tokio::test]
async fn while_one_list_is_told_from_its_beginning_the_others_have_their_turn() {
    let world = World::new().await;
    let mut alice = world.user();
    let (long, short) = (alice.list("Long").await, alice.list("Short").await);
    for _ in 0..120 {
        alice.todo(&long.name, "x").await;
    }
    alice.todo(&short.name, "short").await;
    let mut watching = alice.watch("lists/-", "").await.unwrap();
    let told = watching.catch_up().await;
    let at = |wanted: &str| told.iter().position(|said| said.contains(wanted)).unwrap();
    let last_of_long = told.iter().rposition(|said| said.starts_with('x')).unwrap();
    assert!(at("short") < last_of_long && at("[Inbox]") < last_of_long, "{told:?}");
}

#[tokio::test]
async fn a_list_that_the_user_makes_or_deletes_comes_and_goes() {
    let world = World::new().await;
    let (mut alice, mut watching) = watcher(&world).await;
    let list = alice.list("Errands").await;
    while watching.next().await != "[Errands]" {}
    let request = wire::DeleteListRequest { name: list.name, ..Default::default() };
    alice.lists.delete_list(request).await.unwrap();
    while watching.next().await != "left" {}
}

#[tokio::test]
async fn from_nothing_too_one_goes_on_from_each_message() {
    let world = World::new().await;
    let mut alice = world.user();
    alice.todo("lists/inbox", "tea").await;
    let (mut token, mut told) = (String::new(), Vec::new());
    while told.last().is_none_or(|said| said != "bookmark") {
        let mut watching = alice.watch("lists/-", &token).await.unwrap();
        told.push(watching.next().await);
        token = watching.token;
    }
    assert_eq!(told, ["reset of all", "reset", "[Inbox], tea", "bookmark"]);
}
