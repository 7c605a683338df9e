use std::collections::BTreeSet;
use std::time::Duration;

use proto::todo::v1 as wire;
use tonic::Code;

use crate::support::world::{User, World, create, violations, why};

/// Names of new todos, in the order of their positions.
async fn fill(user: &mut User, parent: &str, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    for n in 0..count {
        names.push(user.todo(parent, &format!("todo {n}")).await.name);
    }
    names
}

/// Every name, in the order of the walk.
async fn walk(user: &mut User, parent: &str, size: i32) -> Vec<String> {
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let page = user.page(parent, size, &token).await.unwrap();
        assert!(page.todos.len() <= usize::try_from(size).unwrap());
        names.extend(page.todos.into_iter().map(|todo| todo.name));
        token = page.next_page_token;
        if token.is_empty() {
            return names;
        }
    }
}

#[tokio::test]
async fn a_walk_meets_every_todo_once_in_the_order_of_positions() {
    let world = World::new().await;
    let mut alice = world.user();
    let names = fill(&mut alice, "lists/inbox", 10).await;
    for size in [1, 3, 5, 10, 11] {
        assert_eq!(walk(&mut alice, "lists/inbox", size).await, names, "pages of {size}");
    }
}

#[tokio::test]
async fn a_walk_through_all_lists_meets_every_todo_that_the_user_can_read() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let (shared, private) = (bob.list("Shared").await, bob.list("Private").await);
    world.admit(&alice, &shared, "viewer").await;
    alice.list("Empty").await;
    let own = alice.list("Own").await;
    let mut names = fill(&mut alice, "lists/inbox", 4).await;
    names.extend(fill(&mut alice, &own.name, 5).await);
    names.extend(fill(&mut bob, &shared.name, 3).await);
    fill(&mut bob, &private.name, 2).await;
    // List after list.
    names.sort_by(|a, b| a.split('/').nth(1).cmp(&b.split('/').nth(1)));
    for size in [1, 2, 5, 100] {
        assert_eq!(walk(&mut alice, "lists/-", size).await, names, "pages of {size}");
    }
    assert_eq!(walk(&mut world.user(), "lists/-", 2).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_walk_under_inserts_misses_and_repeats_nothing_that_was_there() {
    let world = World::new().await;
    let mut alice = world.user();
    let there = BTreeSet::from_iter(fill(&mut alice, "lists/inbox", 30).await);
    let mut writer = alice.clone();
    let ids: Vec<_> = (0..60).map(|_| uuid::Uuid::from_bytes(world.entropy.bytes())).collect();
    let writes = async move {
        for id in ids {
            let request = wire::CreateTodoRequest { todo_id: id.to_string(), ..create("lists/inbox", "late") };
            writer.create(request).await.unwrap();
        }
    };
    let writes = tokio::spawn(writes);
    let mut walks = 0;
    while !writes.is_finished() || walks == 0 {
        let met = walk(&mut alice, "lists/inbox", 4).await;
        let (count, met) = (met.len(), BTreeSet::from_iter(met));
        assert_eq!(met.len(), count, "none twice");
        assert!(there.is_subset(&met));
        walks += 1;
    }
    writes.await.unwrap();
    assert_eq!(walk(&mut alice, "lists/inbox", 7).await.len(), 90);
}

#[tokio::test]
async fn lists_come_in_pages_too() {
    let world = World::new().await;
    let mut alice = world.user();
    let mut names = BTreeSet::from([alice.get_list("lists/inbox").await.unwrap().name]);
    for n in 0..6 {
        names.insert(alice.list(&format!("list {n}")).await.name);
    }
    let (mut met, mut token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListListsRequest { page_size: 3, page_token: token, ..Default::default() };
        let page = alice.lists.list_lists(request).await.unwrap().into_inner();
        met.extend(page.lists.into_iter().map(|list| list.name));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(met, Vec::from_iter(names));
}

#[tokio::test]
async fn the_size_of_a_page_is_50_by_default_and_1000_at_most() {
    let world = World::new().await;
    let mut alice = world.user();
    alice.get_list("lists/inbox").await.unwrap();
    let inbox = todo_service::list::ListId::inbox_of(alice.id).uuid();
    sqlx::query(
        "INSERT INTO todo.todos (list_id, id, title, notes, state, creator_id, revision, request_hash, create_time, update_time,
            priority, labels, position)
        SELECT $1, gen_random_uuid(), 't', '', 'open', $2, n, sha256(''), now(), now(), 0, '{}', todo.position_at(n)
        FROM generate_series(1::bigint, 1001) n",
    )
    .bind(inbox)
    .bind(alice.id)
    .execute(&mut world.admin().await)
    .await
    .unwrap();
    for (asked, given) in [(0, 50), (1, 1), (999, 999), (1000, 1000), (1001, 1000), (i32::MAX, 1000)] {
        assert_eq!(alice.page("lists/inbox", asked, "").await.unwrap().todos.len(), given, "{asked}");
    }
    for asked in [-1, i32::MIN] {
        assert_eq!(violations(&alice.page("lists/inbox", asked, "").await.unwrap_err()), ["page_size"]);
    }
}

/// A user with two pages, and the token of the second.
async fn second_page(world: &World) -> (User, String) {
    let mut alice = world.user();
    fill(&mut alice, "lists/inbox", 3).await;
    let token = alice.page("lists/inbox", 2, "").await.unwrap().next_page_token;
    (alice, token)
}

#[track_caller]
fn assert_refused(answer: Result<wire::ListTodosResponse, tonic::Status>, token: &str) {
    let refused = answer.expect_err(token);
    assert_eq!(why(&refused), (Code::InvalidArgument, "PAGE_TOKEN_INVALID".into()), "{token}");
}

#[tokio::test]
async fn a_token_that_was_altered_in_any_character_is_refused() {
    let world = World::new().await;
    let (mut alice, token) = second_page(&world).await;
    for at in 0..token.len() {
        for flip in [1, 2, 4, 8] {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= flip;
            let altered = String::from_utf8(bytes).unwrap();
            assert_refused(alice.page("lists/inbox", 2, &altered).await, &altered);
        }
    }
    for end in 1..token.len() {
        assert_refused(alice.page("lists/inbox", 2, &token[..end]).await, &token[..end]);
    }
    assert_refused(alice.page("lists/inbox", 2, &format!("{token}A")).await, "longer");
    assert_eq!(alice.page("lists/inbox", 2, &token).await.unwrap().todos.len(), 1, "the token itself");
}

#[tokio::test]
async fn a_token_serves_the_call_that_it_was_given_to_and_no_other() {
    let world = World::new().await;
    let (mut alice, token) = second_page(&world).await;
    let list = alice.list("Other").await;
    assert_refused(alice.page("lists/-", 2, &token).await, "all lists");
    assert_refused(alice.page(&list.name, 2, &token).await, "another list");
    assert_refused(world.user().page("lists/inbox", 2, &token).await, "another caller");
    let request = wire::ListListsRequest { page_size: 2, page_token: token.clone(), ..Default::default() };
    let refused = alice.lists.list_lists(request).await.unwrap_err();
    assert_eq!(why(&refused), (Code::InvalidArgument, "PAGE_TOKEN_INVALID".into()), "another rpc");
    let inbox = alice.get_list("lists/inbox").await.unwrap().name;
    alice.page(&inbox, 2, &token).await.expect("the inbox under its other name");
    alice.page("lists/inbox", 7, &token).await.expect("another size (AIP-158)");
}

#[tokio::test]
async fn a_token_lives_for_a_day() {
    let world = World::new().await;
    let (alice, token) = second_page(&world).await;
    world.clock.advance(Duration::from_hours(24));
    let mut alice = world.user_with_id(alice.id);
    alice.page("lists/inbox", 2, &token).await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    assert_refused(alice.page("lists/inbox", 2, &token).await, "a day and a second");
}

#[tokio::test]
async fn a_page_is_read_with_the_rights_of_its_own_time() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("Shared").await;
    fill(&mut alice, &list.name, 3).await;
    world.admit(&bob, &list, "viewer").await;
    let token = bob.page(&list.name, 2, "").await.unwrap().next_page_token;
    sqlx::query("DELETE FROM todo.list_members WHERE user_id = $1")
        .bind(bob.id)
        .execute(&mut world.admin().await)
        .await
        .unwrap();
    let refused = bob.page(&list.name, 2, &token).await.unwrap_err();
    assert_eq!(why(&refused), (Code::NotFound, "NOT_FOUND".into()));
}
