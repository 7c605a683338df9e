//! The proof of the watches: whatever is committed is told, once, in the order of its list, and nothing is left out; whoever
//! writes at once, however long a commit takes, through whichever of two replicas, while listeners are cut off, clients
//! come back at every message, and what was deleted is purged. A cursor over a sequence in its place loses changes.

#[expect(dead_code, reason = "the other tests use the rest of it")]
#[path = "../revisions/dice.rs"]
mod dice;
#[expect(dead_code, reason = "the other tests use the rest of it")]
#[path = "../support/mod.rs"]
mod support;

mod client;
mod naive;
mod scene;
mod trouble;
mod writer;

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::client::Client;
use crate::scene::Scene;

/// What one way of watching has got wrong, for all of its clients.
async fn faults(mut clients: JoinSet<Vec<String>>) -> Vec<String> {
    let mut faults = Vec::new();
    while let Some(found) = clients.join_next().await {
        faults.extend(found.unwrap());
    }
    faults
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_is_told_once_in_order_and_none_is_left_out() {
    let scene = Arc::new(Scene::new().await);
    let mut clients = JoinSet::new();
    for replica in 0..2 {
        for parent in scene.parents() {
            clients.spawn(Client::new(&scene, &parent).stay(Arc::clone(&scene), replica));
            clients.spawn(Client::new(&scene, &parent).sleep(Arc::clone(&scene), replica));
            clients.spawn(Client::new(&scene, &parent).come_and_go(Arc::clone(&scene), replica));
        }
    }
    let counts = scene.play().await;
    assert_eq!(faults(clients).await, Vec::<String>::new());
    for (what, times) in counts {
        assert!(times > 10, "{what}: {times}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_over_a_sequence_leaves_changes_out() {
    let scene = Arc::new(Scene::new().await);
    let mut clients = JoinSet::new();
    clients.spawn(naive::follow(Arc::clone(&scene)));
    scene.play().await;
    assert!(!faults(clients).await.is_empty());
}
