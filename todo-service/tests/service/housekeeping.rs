//! What was deleted goes when its time is over, by one replica at a time, and nobody waits for it.

use std::time::Duration;

use proto::todo::v1 as wire;
use sqlx::{AssertSqlSafe, Connection};
use todo_service::housekeeping::Housekeeping;
use todo_service::store::purges;
use tonic::Code;

use crate::support::world::{User, World, why};

/// When what is deleted by the clock of the database is over by that of the world.
const OVER: Duration = Duration::from_hours(32 * 24);

impl World {
    async fn sweep(&self) {
        Housekeeping::new(self.database.clone(), self.clock.clone()).sweep().await;
    }

    async fn count(&self, rows: &'static str) -> i64 {
        let count = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {rows}")));
        count.fetch_one(&mut self.admin().await).await.unwrap()
    }

    async fn run(&self, statements: &'static str) {
        sqlx::raw_sql(statements).execute(&mut self.admin().await).await.unwrap();
    }

    /// The same user, long after.
    fn later(&self, user: &User) -> User {
        self.clock.advance(OVER);
        self.user_with_id(user.id)
    }
}

/// So many deleted todos in a list.
async fn deleted(user: &mut User, list: &wire::List, count: usize) {
    for _ in 0..count {
        let todo = user.todo(&list.name, "gone").await;
        user.delete(&todo.name, "").await.unwrap();
    }
}

#[tokio::test]
async fn a_deleted_todo_goes_when_its_time_is_over_and_not_a_moment_before() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    deleted(&mut alice, &list, 1).await;
    alice.todo(&list.name, "milk").await;
    sqlx::query("UPDATE todo.todos SET purge_time = $1 WHERE purge_time IS NOT NULL")
        .bind(world.clock.now() + time::Duration::hours(1))
        .execute(&mut world.admin().await)
        .await
        .unwrap();
    world.clock.advance(Duration::from_hours(1));
    world.sweep().await;
    assert_eq!(world.count("todo.todos").await, 2);
    world.clock.advance(Duration::from_micros(1));
    world.sweep().await;
    assert_eq!(world.count("todo.todos WHERE delete_time IS NULL").await, 1);
    assert_eq!(world.count("todo.todos").await, 1);
}

#[tokio::test]
async fn the_list_keeps_its_count_and_its_version_and_knows_up_to_where_it_is_not_complete() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    deleted(&mut alice, &list, 2).await;
    alice.todo(&list.name, "milk").await;
    let before = alice.get_list(&list.name).await.unwrap();
    let mut alice = world.later(&alice);
    world.sweep().await;
    assert_eq!(alice.get_list(&list.name).await.unwrap(), before);
    assert_eq!(world.count("todo.lists WHERE purged_revision = 4 AND revision = 5").await, 1);
}

#[tokio::test]
async fn what_is_below_a_todo_goes_with_it_and_counts_for_those_who_follow() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    deleted(&mut alice, &list, 2).await;
    // The second becomes the first one's child, whose own time is not over.
    world
        .run(
            "UPDATE todo.todos SET parent_id = (SELECT id FROM todo.todos WHERE revision = 2) WHERE revision = 4;
              UPDATE todo.todos SET purge_time = 'infinity' WHERE revision = 4",
        )
        .await;
    world.clock.advance(OVER);
    world.sweep().await;
    assert_eq!(world.count("todo.todos").await, 0);
    assert_eq!(world.count("todo.lists WHERE purged_revision = 4").await, 1);
}

#[tokio::test]
async fn a_deleted_list_goes_with_all_that_is_in_it() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let (gone, kept) = (alice.list("Gone").await, bob.list("Kept").await);
    for list in [(&mut alice, &gone), (&mut bob, &kept)] {
        list.0.todo(&list.1.name, "milk").await;
    }
    let request = wire::DeleteListRequest { name: gone.name.clone(), ..Default::default() };
    alice.lists.delete_list(request).await.unwrap();
    world.sweep().await;
    assert_eq!(world.count("todo.suspended_members").await, 1, "not yet");
    let mut alice = world.later(&alice);
    world.sweep().await;
    assert_eq!(why(&alice.get_list(&gone.name).await.unwrap_err()), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert_eq!((world.count("todo.todos").await, world.count("todo.suspended_members").await), (1, 0));
}

#[tokio::test]
async fn one_sweep_takes_more_than_one_batch() {
    let world = World::new().await;
    let mut alice = world.user();
    alice.list("Errands").await;
    world
        .run(
            "INSERT INTO todo.todos (list_id, id, title, notes, state, creator_id, revision, request_hash, create_time,
                                      update_time, delete_time, purge_time, priority, labels, position)
              SELECT l.id, gen_random_uuid(), 't', '', 'open', owner_id, n, sha256(''), now(), now(), now(), now(),
                     0, '{}', todo.position_at(n)
              FROM todo.lists l, generate_series(1, 1200) n WHERE NOT inbox;
              UPDATE todo.lists SET revision = 1200 WHERE NOT inbox",
        )
        .await;
    world.clock.advance(OVER);
    world.sweep().await;
    assert_eq!(world.count("todo.todos").await, 0);
    // A list of more todos than fit one batch, and more lists than fit one.
    world
        .run(
            "INSERT INTO todo.todos (list_id, id, title, notes, state, creator_id, revision, request_hash, create_time,
                                      update_time, priority, labels, position)
              SELECT l.id, gen_random_uuid(), 't', '', 'open', owner_id, n, sha256(''), now(), now(), 0, '{}', todo.position_at(n)
              FROM todo.lists l, generate_series(1, 1200) n WHERE NOT inbox;
              INSERT INTO todo.lists (id, owner_id, display_name, inbox, request_hash, create_time, update_time)
              SELECT overlay(gen_random_uuid()::text PLACING '4' FROM 15 FOR 1)::uuid, gen_random_uuid(), 'l', false,
                     sha256(''), now(), now() FROM generate_series(1, 1200);
              UPDATE todo.lists SET delete_time = now(), purge_time = now() WHERE NOT inbox",
        )
        .await;
    world.sweep().await;
    assert_eq!((world.count("todo.todos").await, world.count("todo.lists WHERE NOT inbox").await), (0, 0));
}

#[tokio::test]
async fn while_another_replica_is_at_it_nothing_is_done_and_nobody_waits() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    deleted(&mut alice, &list, 1).await;
    world.clock.advance(OVER);
    let mut other = world.connection().await;
    let mut turn = other.begin().await.unwrap();
    let taken = purges::take_turn(&mut turn).await.unwrap();
    assert!(taken);
    world.sweep().await;
    assert_eq!(world.count("todo.todos").await, 1);
    turn.commit().await.unwrap();
    world.sweep().await;
    assert_eq!(world.count("todo.todos").await, 0);
}

#[tokio::test]
async fn a_list_that_somebody_holds_is_left_for_later() {
    let world = World::new().await;
    let mut alice = world.user();
    let (held, free) = (alice.list("Held").await, alice.list("Free").await);
    deleted(&mut alice, &held, 1).await;
    deleted(&mut alice, &free, 1).await;
    world.clock.advance(OVER);
    let mut other = world.connection().await;
    let mut holds = other.begin().await.unwrap();
    let lock = "SELECT id FROM todo.lists WHERE display_name = 'Held' FOR NO KEY UPDATE";
    sqlx::query(lock).fetch_one(&mut *holds).await.unwrap();
    world.sweep().await;
    assert_eq!(world.count("todo.todos").await, 1);
    holds.commit().await.unwrap();
    world.sweep().await;
    assert_eq!(world.count("todo.todos").await, 0);
}

#[tokio::test]
async fn who_watched_before_the_deletion_begins_anew_after_the_purge_and_who_watched_after_it_does_not() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await;
    let todo = alice.todo(&list.name, "gone").await;
    let before = alice.watch_from_now(&list.name).await.token;
    alice.delete(&todo.name, "").await.unwrap();
    let after = alice.watch_from_now(&list.name).await.token;
    world.clock.advance(Duration::from_hours(30 * 24));
    sqlx::raw_sql("UPDATE todo.todos SET purge_time = '2026-12-01'").execute(&mut world.admin().await).await.unwrap();
    world.sweep().await;
    assert_eq!(world.count("todo.todos").await, 0);
    let mut alice = world.user_with_id(alice.id);
    assert_eq!(alice.watch(&list.name, &before).await.unwrap().catch_up().await, ["reset", "[Errands]"]);
    assert_eq!(alice.watch(&list.name, &after).await.unwrap().catch_up().await, Vec::<String>::new());
}
