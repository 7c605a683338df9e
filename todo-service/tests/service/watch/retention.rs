//! What is kept of deleted todos, and who must begin anew without it.

use crate::support::world::World;

/// As deleted todos are purged.
const PURGE: &str = "WITH gone AS (DELETE FROM todo.todos WHERE list_id = $1 AND delete_time IS NOT NULL RETURNING revision)
                     UPDATE todo.lists l SET purged_revision = greatest(purged_revision, (SELECT max(revision) FROM gone))
                     WHERE id = $1";

#[tokio::test]
async fn who_has_not_heard_of_something_that_was_purged_begins_anew_and_who_has_does_not() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    let gone = alice.todo(&list.name, "gone").await;
    alice.todo(&list.name, "milk").await;
    let before = alice.watch_from_now(&list.name).await;
    alice.delete(&gone.name, "").await.unwrap();
    let mut after = alice.watch(&list.name, &before.token).await.unwrap();
    assert_eq!(after.catch_up().await, ["-gone"]);
    world.execute(PURGE, &list).await;
    alice.todo(&list.name, "tea").await;
    let mut behind = alice.watch(&list.name, &before.token).await.unwrap();
    assert_eq!(behind.catch_up().await, ["reset", "[Errands], milk, tea"]);
    assert_eq!(after.next().await, "tea", "one that is open goes on");
    let mut ahead = alice.watch(&list.name, &after.token).await.unwrap();
    assert_eq!(ahead.catch_up().await, Vec::<String>::new());
}

#[tokio::test]
async fn who_is_interrupted_while_a_list_is_told_anew_goes_on_from_there() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    for _ in 0..60 {
        alice.todo(&list.name, "x").await;
    }
    let gone = alice.todo(&list.name, "gone").await;
    alice.delete(&gone.name, "").await.unwrap();
    world.execute(PURGE, &list).await;
    let (mut token, mut told) = (String::new(), Vec::new());
    while told.last().is_none_or(|said| said != "bookmark") {
        let mut watching = alice.watch(&list.name, &token).await.unwrap();
        told.push(watching.next().await);
        token = watching.token;
    }
    assert_eq!(told, ["reset", &("[Errands], ".to_owned() + &["x"; 50].join(", ")), &["x"; 10].join(", "), "bookmark"]);
}

#[tokio::test]
async fn a_token_that_is_too_old_begins_anew() {
    let world = World::new().await;
    let mut alice = world.user();
    alice.todo("lists/inbox", "milk").await;
    let token = alice.watch_from_now("lists/inbox").await.token;
    world.clock.advance(std::time::Duration::from_hours(30 * 24 + 1));
    let mut alice = world.user_with_id(alice.id);
    let mut watching = alice.watch("lists/inbox", &token).await.unwrap();
    assert_eq!(watching.catch_up().await, ["reset", "[Inbox], milk"]);
}
