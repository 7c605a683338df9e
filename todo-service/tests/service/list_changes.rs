//! Lists renamed, deleted and brought back.

use proto::todo::v1 as wire;
use proto::todo::v1::member::Role;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::support::world::{User, World, create, metadata, violations, why};

fn not_found() -> (Code, String) {
    (Code::NotFound, "NOT_FOUND".into())
}

fn insufficient() -> (Code, String) {
    (Code::PermissionDenied, "ROLE_INSUFFICIENT".into())
}

async fn update_list(user: &mut User, list: wire::List, mask: Option<&[&str]>) -> Result<wire::List, Status> {
    let update_mask =
        mask.map(|paths| prost_types::FieldMask { paths: paths.iter().map(|&path| path.into()).collect() });
    let request = wire::UpdateListRequest { list: Some(list), update_mask };
    user.lists.update_list(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_list_says_whose_it_is_and_what_the_caller_may_do() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("Groceries").await;
    assert_eq!((list.owner.as_str(), list.role()), (format!("users/{}", alice.id).as_str(), Role::Owner));
    assert_eq!((list.member_count, list.delete_time, list.purge_time), (1, None, None));
    world.admit(&bob, &list, "viewer").await;
    let seen = bob.get_list(&list.name).await.unwrap();
    assert_eq!((&seen.owner, seen.role()), (&list.owner, Role::Viewer));
}

/// A mask, the name that is sent, and the name after it.
type Case = (Option<&'static [&'static str]>, &'static str, &'static str);

#[tokio::test]
async fn only_the_fields_that_the_mask_names_change() {
    let world = World::new().await;
    let mut alice = world.user();
    let cases: [Case; 7] = [
        (Some(&["display_name"]), "Errands", "Errands"),
        (Some(&["*"]), "Errands", "Errands"),
        (None, "Errands", "Errands"),
        (None, "", "Groceries"),
        (Some(&[]), "Errands", "Errands"),
        (Some(&["owner", "role", "etag", "name", "inbox", "todo_count", "member_count"]), "Errands", "Groceries"),
        (Some(&["create_time", "update_time", "delete_time", "purge_time"]), "Errands", "Groceries"),
    ];
    for (mask, display_name, expected) in cases {
        let before = alice.list("Groceries").await;
        let edit = wire::List { name: before.name.clone(), display_name: display_name.into(), ..Default::default() };
        let after = update_list(&mut alice, edit, mask).await.unwrap();
        let rest = wire::List { update_time: after.update_time, etag: after.etag.clone(), ..before.clone() };
        assert_eq!(after, wire::List { display_name: expected.into(), ..rest }, "{mask:?} {display_name:?}");
        assert_eq!(after.etag != before.etag, expected != "Groceries", "a version for each change");
        assert_eq!(alice.get_list(&before.name).await.unwrap(), after);
    }
}

#[tokio::test]
async fn an_update_of_a_list_is_told_what_is_wrong_with_it() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Groceries").await;
    let nameless = wire::List { display_name: String::new(), ..list.clone() };
    for (list, mask, expected) in [
        (list.clone(), ["title"], ["update_mask"]),
        (list.clone(), [""], ["update_mask"]),
        (nameless.clone(), ["display_name"], ["list.display_name"]),
        (nameless, ["*"], ["list.display_name"]),
    ] {
        assert_eq!(violations(&update_list(&mut alice, list, Some(&mask)).await.unwrap_err()), expected);
    }
    let bad = wire::List { name: "x".into(), display_name: "a\nb".into(), etag: "e".repeat(65), ..Default::default() };
    let refused = update_list(&mut alice, bad, Some(&["nothing"])).await.unwrap_err();
    assert_eq!(violations(&refused), ["list.display_name", "list.etag", "list.name", "update_mask"]);
    let refused = alice.lists.update_list(wire::UpdateListRequest::default()).await.unwrap_err();
    assert_eq!(violations(&refused), ["list"]);
}

#[tokio::test]
async fn an_etag_lets_only_its_own_version_of_a_list_be_changed() {
    let world = World::new().await;
    let mut alice = world.user();
    let first = alice.list("Groceries").await;
    alice.todo(&first.name, "milk").await;
    let refusals = [
        alice.rename(&first.name, "Errands", &first.etag).await.unwrap_err(),
        alice.delete_list(&first.name, &first.etag).await.unwrap_err(),
    ];
    let second = alice.get_list(&first.name).await.unwrap();
    let third = alice.rename(&first.name, "Errands", &second.etag).await.unwrap();
    let deleted = alice.delete_list(&first.name, &third.etag).await.unwrap();
    let stale = alice.undelete_list(&first.name, &third.etag).await.unwrap_err();
    for refused in refusals.into_iter().chain([stale]) {
        assert_eq!(why(&refused), (Code::Aborted, "ETAG_MISMATCH".into()));
        assert_eq!(metadata(&refused, "resource"), first.name);
    }
    alice.undelete_list(&first.name, &deleted.etag).await.unwrap();
}

#[tokio::test]
async fn an_inbox_can_be_renamed_before_it_was_used() {
    let world = World::new().await;
    let mut alice = world.user();
    let inbox = alice.rename("lists/inbox", "Later", "").await.unwrap();
    assert!(inbox.inbox);
    assert_eq!(inbox.display_name, "Later");
}

#[tokio::test]
async fn an_inbox_cannot_be_deleted() {
    let world = World::new().await;
    let mut alice = world.user();
    let refused = alice.delete_list("lists/inbox", "").await.unwrap_err();
    assert_eq!(why(&refused), (Code::FailedPrecondition, "INBOX_FIXED".into()));
    assert_eq!(metadata(&refused, "resource"), "lists/inbox");
}

#[tokio::test]
async fn a_deleted_list_is_gone_for_everybody_and_can_be_seen_by_its_owner() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("Groceries").await;
    let todo = alice.todo(&list.name, "milk").await;
    world.admit(&bob, &list, "editor").await;

    let deleted = alice.delete_list(&list.name, "").await.unwrap();
    let (at, purge) = (deleted.delete_time.unwrap(), deleted.purge_time.unwrap());
    assert_eq!(purge.seconds - at.seconds, 30 * 24 * 60 * 60);
    assert_eq!((deleted.todo_count, deleted.role()), (1, Role::Owner));
    assert_eq!(alice.get_list(&list.name).await.unwrap(), deleted);
    assert_eq!(alice.list_names(false).await, Vec::<String>::new());
    assert_eq!(alice.list_names(true).await, std::slice::from_ref(&list.name));

    assert_eq!(why(&bob.get_list(&list.name).await.unwrap_err()), not_found());
    assert_eq!(bob.list_names(true).await, Vec::<String>::new());
    for user in [&mut alice, &mut bob] {
        assert_eq!(why(&user.get(&todo.name).await.unwrap_err()), not_found());
        assert_eq!(why(&user.complete(&todo.name, "").await.unwrap_err()), not_found());
        assert_eq!(why(&user.create(create(&list.name, "bread")).await.unwrap_err()), not_found());
        assert_eq!(why(&user.page(&list.name, 0, "").await.unwrap_err()), not_found());
        assert_eq!(user.page("lists/-", 0, "").await.unwrap().todos, []);
        assert_eq!(why(&user.rename(&list.name, "Errands", "").await.unwrap_err()), not_found());
        assert_eq!(why(&user.delete_list(&list.name, "").await.unwrap_err()), not_found());
    }
}

#[tokio::test]
async fn an_undeleted_list_comes_back_with_its_todos_and_its_members() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("Groceries").await;
    let todo = alice.todo(&list.name, "milk").await;
    world.admit(&bob, &list, "editor").await;
    alice.delete_list(&list.name, "").await.unwrap();

    assert_eq!(why(&bob.undelete_list(&list.name, "").await.unwrap_err()), not_found());
    let back = alice.undelete_list(&list.name, "").await.unwrap();
    assert_eq!((back.delete_time, back.purge_time, back.member_count), (None, None, 2));
    assert_eq!(alice.get(&todo.name).await.unwrap(), todo);
    assert_eq!(bob.complete(&todo.name, &todo.etag).await.unwrap().state(), wire::todo::State::Completed);
}

#[tokio::test]
async fn a_list_that_is_due_to_be_purged_does_not_come_back() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Groceries").await;
    alice.delete_list(&list.name, "").await.unwrap();
    let overdue = "UPDATE todo.lists SET purge_time = clock_timestamp() WHERE delete_time IS NOT NULL";
    sqlx::query(overdue).execute(&mut world.admin().await).await.unwrap();
    assert_eq!(why(&alice.undelete_list(&list.name, "").await.unwrap_err()), not_found());
}

#[tokio::test]
async fn what_is_not_deleted_cannot_be_undeleted() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Groceries").await;
    for name in [list.name.as_str(), "lists/inbox"] {
        let refused = alice.undelete_list(name, "").await.unwrap_err();
        assert_eq!(why(&refused), (Code::AlreadyExists, "NOT_DELETED".into()));
        assert_eq!(metadata(&refused, "resource"), name);
    }
}

#[tokio::test]
async fn a_member_who_is_not_the_owner_is_told_which_role_it_takes() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("Groceries").await;
    let todo = alice.todo(&list.name, "milk").await;
    for role in ["editor", "viewer"] {
        let mut member = world.user();
        world.admit(&member, &list, role).await;
        for refused in [
            member.rename(&list.name, "Errands", "").await.unwrap_err(),
            member.delete_list(&list.name, "").await.unwrap_err(),
            member.undelete_list(&list.name, "").await.unwrap_err(),
        ] {
            assert_eq!(why(&refused), insufficient());
            let told = (metadata(&refused, "resource"), metadata(&refused, "role"));
            assert_eq!(told, (list.name.clone(), "OWNER".into()));
        }
    }
    world.admit(&bob, &list, "viewer").await;
    let mut edit = todo.clone();
    edit.title = "bread".into();
    for (refused, resource) in [
        (bob.create(create(&list.name, "bread")).await.unwrap_err(), &list.name),
        (bob.update(edit, None).await.unwrap_err(), &todo.name),
        (bob.complete(&todo.name, "").await.unwrap_err(), &todo.name),
        (bob.reopen(&todo.name, "").await.unwrap_err(), &todo.name),
        (bob.delete(&todo.name, "").await.unwrap_err(), &todo.name),
    ] {
        assert_eq!(why(&refused), insufficient());
        assert_eq!((&metadata(&refused, "resource"), metadata(&refused, "role").as_str()), (resource, "EDITOR"));
    }
    assert_eq!(alice.get(&todo.name).await.unwrap(), todo);
}

#[tokio::test]
async fn lists_of_others_count_towards_the_limit() {
    let world = World::with(|limits| limits.lists_per_user = 3).await;
    let (mut alice, mut bob) = (world.user(), world.user());
    bob.get_list("lists/inbox").await.unwrap();
    let shared = alice.list("shared").await;
    world.admit(&bob, &shared, "viewer").await;
    bob.list("mine").await;
    let list = wire::List { display_name: "one too many".into(), ..Default::default() };
    let request = wire::CreateListRequest { list: Some(list), list_id: String::new() };
    let refused = bob.lists.create_list(request).await.unwrap_err();
    assert_eq!(why(&refused), (Code::ResourceExhausted, "QUOTA_EXCEEDED".into()));
}

#[tokio::test]
async fn a_list_does_not_come_back_beyond_the_limit() {
    let world = World::with(|limits| limits.lists_per_user = 2).await;
    let mut alice = world.user();
    let first = alice.list("first").await;
    alice.delete_list(&first.name, "").await.unwrap();
    let second = alice.list("second").await;
    let refused = alice.undelete_list(&first.name, "").await.unwrap_err();
    assert_eq!(why(&refused), (Code::ResourceExhausted, "QUOTA_EXCEEDED".into()));
    alice.delete_list(&second.name, "").await.unwrap();
    alice.undelete_list(&first.name, "").await.unwrap();
}

#[tokio::test]
async fn a_member_who_sees_as_many_lists_as_allowed_does_not_come_back_with_a_list() {
    let world = World::with(|limits| limits.lists_per_user = 2).await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("shared").await;
    bob.get_list("lists/inbox").await.unwrap();
    world.admit(&bob, &list, "editor").await;
    alice.delete_list(&list.name, "").await.unwrap();
    bob.list("mine").await;
    assert_eq!(alice.undelete_list(&list.name, "").await.unwrap().member_count, 1);
    assert_eq!(why(&bob.get_list(&list.name).await.unwrap_err()), not_found());
}

#[tokio::test]
async fn the_inbox_of_each_member_changes_when_a_list_comes_or_goes() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let mut versions = Vec::new();
    let mut look = async |alice: &mut User, bob: &mut User| {
        versions
            .push([alice.get_list("lists/inbox").await.unwrap().etag, bob.get_list("lists/inbox").await.unwrap().etag]);
    };
    look(&mut alice, &mut bob).await;
    let list = alice.list("shared").await;
    world.admit(&bob, &list, "viewer").await;
    look(&mut alice, &mut bob).await;
    alice.delete_list(&list.name, "").await.unwrap();
    look(&mut alice, &mut bob).await;
    alice.undelete_list(&list.name, "").await.unwrap();
    look(&mut alice, &mut bob).await;
    alice.rename(&list.name, "Ours", "").await.unwrap();
    look(&mut alice, &mut bob).await;
    let changed = |user: usize| versions.windows(2).map(|pair| pair[0][user] != pair[1][user]).collect::<Vec<_>>();
    assert_eq!(changed(0), [true, true, true, false]);
    assert_eq!(changed(1), [true, true, true, false]);
}

#[tokio::test]
async fn a_list_is_deleted_and_brought_back_by_many_at_once() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Groceries").await;
    let mut calls = JoinSet::new();
    for n in 0..20 {
        let (mut alice, name) = (alice.clone(), list.name.clone());
        calls.spawn(async move {
            let done =
                if n % 2 == 0 { alice.delete_list(&name, "").await } else { alice.undelete_list(&name, "").await };
            done.err().map(|refused| why(&refused).1)
        });
    }
    for refused in calls.join_all().await.into_iter().flatten() {
        assert!(["NOT_FOUND", "NOT_DELETED"].contains(&refused.as_str()), "{refused}");
    }
    let members: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM todo.list_members WHERE list_id = l.id AND l.delete_time IS NULL)
            + (SELECT count(*) FROM todo.suspended_members WHERE list_id = l.id AND l.delete_time IS NOT NULL)
        FROM todo.lists l WHERE NOT inbox",
    )
    .fetch_one(&mut world.admin().await)
    .await
    .unwrap();
    assert_eq!(members, 1);
}
