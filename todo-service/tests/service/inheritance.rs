//! What becomes of shared lists when users are deleted.

use std::sync::Arc;

use proto::todo::v1::member::Role;
use todo_service::deletion;
use tokio::task::JoinSet;
use tonic::Code;

use crate::support::world::{User, World, why};

/// Races of a purge with everything that changes memberships.
const ROUNDS: usize = 60;

/// What contradicts itself in the tables.
const CONTRADICTIONS: &str = "
    SELECT format('%s of %s: %s members of %s, owners %s', l.id, l.owner_id, m.n, l.member_count, m.owners)
    FROM todo.lists l
    CROSS JOIN LATERAL (
        SELECT count(*) AS n, array_agg(user_id) FILTER (WHERE role = 'owner') AS owners, bool_or(m.gone) AS gone
        FROM (
            SELECT user_id, role, l.delete_time IS NOT NULL AS gone FROM todo.list_members WHERE list_id = l.id
            UNION ALL
            SELECT user_id, role, l.delete_time IS NULL AS gone FROM todo.suspended_members WHERE list_id = l.id
        ) m
    ) m
    WHERE m.n <> l.member_count OR m.owners <> ARRAY[l.owner_id] OR m.owners IS NULL OR m.gone
    UNION ALL
    SELECT format('%s is gone and a member of %s', m.user_id, m.list_id)
    FROM (SELECT user_id, list_id FROM todo.list_members UNION SELECT user_id, list_id FROM todo.suspended_members) m
    JOIN todo.deleted_users d ON d.user_id = m.user_id";

async fn contradictions(world: &World) -> Vec<String> {
    sqlx::query_scalar(CONTRADICTIONS).fetch_all(&mut world.admin().await).await.unwrap()
}

async fn purge(world: &World, users: &[&User]) {
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    deletion::purge(&world.database, &ids, "1").await.unwrap();
    assert_eq!(contradictions(world).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_list_goes_to_the_editor_who_is_a_member_longest() {
    let world = World::new().await;
    let (mut alice, mut viewer, mut first, mut second) = (world.user(), world.user(), world.user(), world.user());
    let list = alice.list("ours").await;
    let todo = alice.todo(&list.name, "stays").await;
    alice.share(&list.name, viewer.id, Role::Viewer).await.unwrap();
    alice.share(&list.name, first.id, Role::Editor).await.unwrap();
    alice.share(&list.name, second.id, Role::Editor).await.unwrap();
    let before = first.get_list(&list.name).await.unwrap();

    purge(&world, &[&alice]).await;

    let after = first.get_list(&list.name).await.unwrap();
    assert_eq!((after.owner, after.role, after.member_count), (format!("users/{}", first.id), Role::Owner.into(), 3));
    assert_ne!(after.etag, before.etag);
    first.rename(&list.name, "mine", "").await.unwrap();
    assert_eq!(second.get_list(&list.name).await.unwrap().role(), Role::Editor);
    assert_eq!(viewer.get(&todo.name).await.unwrap(), todo);
}

#[tokio::test]
async fn an_editor_who_is_gone_too_inherits_nothing() {
    let world = World::new().await;
    let (mut alice, first, mut second) = (world.user(), world.user(), world.user());
    let list = alice.list("ours").await;
    alice.share(&list.name, first.id, Role::Editor).await.unwrap();
    alice.share(&list.name, second.id, Role::Editor).await.unwrap();
    purge(&world, &[&alice, &first]).await;
    let after = second.get_list(&list.name).await.unwrap();
    assert_eq!((after.role(), after.member_count), (Role::Owner, 1));
}

#[tokio::test]
async fn a_list_without_an_editor_goes_with_its_owner() {
    let world = World::new().await;
    let (mut alice, mut viewer) = (world.user(), world.user());
    let list = alice.list("ours").await;
    let todo = alice.todo(&list.name, "gone").await;
    alice.share(&list.name, viewer.id, Role::Viewer).await.unwrap();
    purge(&world, &[&alice]).await;
    let not_found = (Code::NotFound, "NOT_FOUND".to_owned());
    assert_eq!(why(&viewer.get_list(&list.name).await.unwrap_err()), not_found);
    assert_eq!(why(&viewer.get(&todo.name).await.unwrap_err()), not_found);
}

#[tokio::test]
async fn a_deleted_list_goes_with_its_owner() {
    let world = World::new().await;
    let (mut alice, mut editor) = (world.user(), world.user());
    let list = alice.list("ours").await;
    alice.share(&list.name, editor.id, Role::Editor).await.unwrap();
    alice.delete_list(&list.name, "").await.unwrap();
    purge(&world, &[&alice]).await;
    assert_eq!(editor.list_names(true).await, Vec::<String>::new());
    let refused = editor.undelete_list(&list.name, "").await.unwrap_err();
    assert_eq!(why(&refused), (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn a_member_who_is_gone_comes_back_with_no_list() {
    let world = World::new().await;
    let (mut alice, bob) = (world.user(), world.user());
    let list = alice.list("ours").await;
    alice.share(&list.name, bob.id, Role::Editor).await.unwrap();
    alice.delete_list(&list.name, "").await.unwrap();
    purge(&world, &[&bob]).await;
    assert_eq!(alice.undelete_list(&list.name, "").await.unwrap().member_count, 1);
}

#[tokio::test]
async fn the_inboxes_of_those_change_for_whom_something_changes() {
    let world = World::new().await;
    let (mut alice, mut heir, mut editor, mut viewer) = (world.user(), world.user(), world.user(), world.user());
    let (inherited, lost) = (alice.list("inherited").await, alice.list("lost").await);
    alice.share(&inherited.name, heir.id, Role::Editor).await.unwrap();
    alice.share(&inherited.name, editor.id, Role::Editor).await.unwrap();
    alice.share(&lost.name, viewer.id, Role::Viewer).await.unwrap();
    let mut look = async || {
        let mut etags = Vec::new();
        for user in [&mut heir, &mut editor, &mut viewer] {
            etags.push(user.get_list("lists/inbox").await.unwrap().etag);
        }
        etags
    };
    let before = look().await;
    purge(&world, &[&alice]).await;
    let after = look().await;
    let changed: Vec<_> = before.iter().zip(&after).map(|(before, after)| before != after).collect();
    assert_eq!(changed, [true, false, true]);
}

#[tokio::test]
async fn a_user_with_more_lists_than_fit_one_transaction_is_purged() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    for n in 0..250 {
        let list = alice.list(&format!("list {n}")).await;
        if n % 50 == 0 {
            alice.share(&list.name, bob.id, Role::Editor).await.unwrap();
        }
    }
    purge(&world, &[&alice]).await;
    assert_eq!(bob.list_names(false).await.len(), 5);
}

/// One call that may be refused for what the others do, and for nothing else.
async fn disturb(mut alice: User, mut bob: User, carol: User, list: String, n: usize) {
    let member = |user: &User| format!("{list}/members/{}", user.id);
    let (bobs, carols) = (member(&bob), member(&carol));
    let done = match n {
        0 => alice.share(&list, carol.id, Role::Editor).await.map(|_| ()),
        1 => alice.give(&bobs, Role::Owner, "").await.map(|_| ()),
        2 => bob.leave(&list).await,
        3 => alice.delete_list(&list, "").await.map(|_| ()),
        4 => alice.undelete_list(&list, "").await.map(|_| ()),
        5 => bob.remove(&carols, "").await,
        6 => bob.share(&list, carol.id, Role::Viewer).await.map(|_| ()),
        _ => bob.rename(&list, "mine", "").await.map(|_| ()),
    };
    let refused = done.err().map(|refused| why(&refused).1);
    let expected = ["NOT_FOUND", "ROLE_INSUFFICIENT", "OWNER_MUST_STAY", "MEMBER_EXISTS", "NOT_DELETED"];
    assert!(refused.as_deref().is_none_or(|reason| expected.contains(&reason)), "{n}: {refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_that_races_with_every_change_of_members_leaves_each_list_one_owner() {
    let world = Arc::new(World::new().await);
    for round in 0..ROUNDS {
        let (mut alice, bob, carol) = (world.user(), world.user(), world.user());
        let list = alice.list("ours").await.name;
        alice.share(&list, bob.id, Role::Editor).await.unwrap();
        let gone = if round % 3 == 0 { bob.id } else { alice.id };
        let mut calls = JoinSet::new();
        for n in 0..8 {
            calls.spawn(disturb(alice.clone(), bob.clone(), carol.clone(), list.clone(), (n + round) % 8));
        }
        let purged = Arc::clone(&world);
        calls.spawn(async move { deletion::purge(&purged.database, &[gone], "1").await.unwrap() });
        calls.join_all().await;
    }
    assert_eq!(contradictions(&world).await, Vec::<String>::new());
    let deadlocks: i64 =
        sqlx::query_scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            .fetch_one(&mut world.admin().await)
            .await
            .unwrap();
    assert_eq!(deadlocks, 0);
}
