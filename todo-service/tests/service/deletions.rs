//! What a deleted user leaves behind: nothing, and nothing comes back.

use std::sync::Arc;

use service_kit::postgres::Database;
use todo_service::deletion;
use todo_service::fingerprint::Fingerprint;
use todo_service::limits::Limits;
use todo_service::list::{self, DisplayName, ListId, NewList};
use todo_service::store::deletions as store;
use todo_service::todo::{self, Content, NewTodo, TodoKey};
use tonic::Code;
use uuid::Uuid;

use crate::support::world::{World, why};

/// Races of one purge with one write each.
const ROUNDS: usize = 10_000;
/// Races at a time.
const AT_ONCE: usize = 8;

async fn count(world: &World, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&mut world.admin().await).await.unwrap()
}

const LEFT: &str = "SELECT (SELECT count(*) FROM todo.lists l JOIN todo.deleted_users d ON d.user_id = l.owner_id)
                         + (SELECT count(*) FROM todo.list_members m JOIN todo.deleted_users d USING (user_id))
                         + (SELECT count(*) FROM todo.todos t LEFT JOIN todo.lists l ON l.id = t.list_id WHERE l.id IS NULL)";

#[tokio::test]
async fn a_purge_takes_lists_todos_and_memberships_and_spares_everybody_else() {
    let world = World::new().await;
    let (mut gone, mut other) = (world.user(), world.user());
    let list = gone.list("mine").await;
    gone.todo(&list.name, "gone with the list").await;
    gone.todo("lists/inbox", "gone with the inbox").await;
    let shared = other.list("ours").await;
    world.admit(&gone, &shared, "editor").await;
    let kept = gone.todo(&shared.name, "stays with its list").await;

    deletion::purge(&world.database, &[gone.id], "7").await.unwrap();

    assert_eq!(count(&world, LEFT).await, 0);
    assert_eq!(other.get(&kept.name).await.unwrap().title, "stays with its list");
    assert_eq!(store::cursor(&world.database).await.unwrap(), "7");
}

#[tokio::test]
async fn nothing_can_be_made_for_a_user_who_is_gone() {
    let world = World::new().await;
    let mut gone = world.user();
    deletion::purge(&world.database, &[gone.id], "1").await.unwrap();
    let not_found = (Code::NotFound, "NOT_FOUND".to_owned());
    assert_eq!(why(&gone.get_list("lists/inbox").await.unwrap_err()), not_found);
    let todo = gone.create(crate::support::world::create("lists/inbox", "late")).await;
    assert_eq!(why(&todo.unwrap_err()), not_found);
    let wire = proto::todo::v1::List { display_name: "late".into(), ..Default::default() };
    let request = proto::todo::v1::CreateListRequest { list: Some(wire), list_id: String::new() };
    assert_eq!(why(&gone.lists.create_list(request).await.unwrap_err()), not_found);
    assert_eq!(count(&world, LEFT).await, 0);
}

#[tokio::test]
async fn the_cursor_moves_with_the_last_batch() {
    let world = World::new().await;
    let mut gone = world.user();
    for title in ["one", "two", "three"] {
        gone.todo("lists/inbox", title).await;
    }
    let one = async || store::purge(&world.database, vec![gone.id], Some("5".to_owned()), 1).await.unwrap();
    for _ in 0..3 {
        assert!(!one().await, "something may be left");
        assert_eq!(store::cursor(&world.database).await.unwrap(), "");
    }
    assert!(one().await);
    assert_eq!(store::cursor(&world.database).await.unwrap(), "5");
}

#[tokio::test]
async fn more_users_than_fit_one_transaction_are_purged_together() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for _ in 0..250 {
        let id = world.id();
        list::get(&world.database, id, ListId::inbox_of(id)).await.unwrap();
        ids.push(id);
    }
    deletion::purge(&world.database, &ids, "9").await.unwrap();
    assert_eq!(count(&world, "SELECT count(*) FROM todo.lists").await, 0);
    assert_eq!(count(&world, "SELECT count(*) FROM todo.deleted_users").await, 250);
    assert_eq!(store::cursor(&world.database).await.unwrap(), "9");
}

/// One write for a user, as the handlers make it. Refused or not, it must leave nothing behind a purge.
async fn write(database: &Database, limits: Limits, user: Uuid, id: Uuid, round: usize) {
    if round.is_multiple_of(2) {
        let (key, fingerprint) = (TodoKey { list: ListId::inbox_of(user), id }, Fingerprint::new(user, &[]));
        let content = Content::titled("late".parse().unwrap());
        let new =
            NewTodo { creator: user, key, request: None, fingerprint, content, complete_time: None, icalendar: None };
        let made = todo::create(database, &limits, new).await;
        assert!(matches!(made, Ok(_) | Err(todo::Error::NotFound)), "{made:?}");
    } else {
        let (display_name, fingerprint) = (DisplayName::inbox(), Fingerprint::new(user, &[]));
        let new = NewList { owner: user, id: ListId::new(id), display_name, fingerprint };
        let made = list::create(database, &limits, new).await;
        assert!(matches!(made, Ok(_) | Err(list::Error::NotFound)), "{made:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_races_with_the_purge_never_brings_a_user_back() {
    let world = Arc::new(World::new().await);
    let limits = Limits { lists_per_user: 10, todos_per_list: 10, members_per_list: 10, import_silence_ms: 1_000 };
    let racers = (0..AT_ONCE).map(|racer| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            for round in (racer..ROUNDS).step_by(AT_ONCE) {
                let (user, id, database) = (world.id(), world.id(), &world.database);
                if round % 4 < 2 {
                    list::get(database, user, ListId::inbox_of(user)).await.unwrap();
                }
                let purge = deletion::purge(database, std::slice::from_ref(&user), "1");
                let (purged, ()) = tokio::join!(purge, write(database, limits, user, id, round));
                purged.unwrap();
            }
        })
    });
    for racer in futures_util::future::join_all(racers).await {
        racer.unwrap();
    }
    assert_eq!(count(&world, "SELECT count(*) FROM todo.deleted_users").await, i64::try_from(ROUNDS).unwrap());
    assert_eq!(count(&world, LEFT).await, 0);
}
