//! Who may see and change a list, and how that changes.

use proto::todo::v1 as wire;
use proto::todo::v1::member::Role;
use todo_service::deletion;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::support::world::{User, World, create, metadata, violations, why};

fn told(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

/// A list of Alice's with Bob in it, and his membership.
async fn shared(world: &World, role: Role) -> (User, User, wire::List, wire::Member) {
    let (mut alice, bob) = (world.user(), world.user());
    let list = alice.list("ours").await;
    let member = alice.share(&list.name, bob.id, role).await.unwrap();
    (alice, bob, list, member)
}

fn roles(members: &[wire::Member]) -> Vec<(String, Role)> {
    members.iter().map(|member| (member.user.clone(), member.role())).collect()
}

#[tokio::test]
async fn a_member_sees_the_list_and_what_is_in_it_from_then_on() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let list = alice.list("ours").await;
    let todo = alice.todo(&list.name, "milk").await;
    assert_eq!(why(&bob.get(&todo.name).await.unwrap_err()), told(Code::NotFound, "NOT_FOUND"));

    let member = alice.share(&list.name, bob.id, Role::Viewer).await.unwrap();
    assert_eq!(member.name, format!("{}/members/{}", list.name, bob.id));
    assert_eq!((member.user.as_str(), member.role()), (format!("users/{}", bob.id).as_str(), Role::Viewer));
    assert_eq!(bob.get(&todo.name).await.unwrap(), todo);
    assert_eq!(bob.page("lists/-", 0, "").await.unwrap().todos, [todo]);
    assert_eq!(bob.list_names(false).await, std::slice::from_ref(&list.name));
    assert_eq!(bob.get_list(&list.name).await.unwrap().member_count, 2);
}

#[tokio::test]
async fn an_editor_writes_and_a_viewer_reads() {
    let world = World::new().await;
    let (mut alice, mut bob, list, member) = shared(&world, Role::Editor).await;
    let todo = bob.create(create(&list.name, "milk")).await.unwrap();
    bob.complete(&todo.name, "").await.unwrap();
    alice.give(&member.name, Role::Viewer, "").await.unwrap();
    let refused = bob.reopen(&todo.name, "").await.unwrap_err();
    assert_eq!(why(&refused), told(Code::PermissionDenied, "ROLE_INSUFFICIENT"));
    bob.get(&todo.name).await.unwrap();
}

#[tokio::test]
async fn sharing_again_returns_the_member_and_changes_nothing() {
    let world = World::new().await;
    let (mut alice, bob, list, member) = shared(&world, Role::Editor).await;
    let before = alice.get_list(&list.name).await.unwrap();
    assert_eq!(alice.share(&list.name, bob.id, Role::Editor).await.unwrap(), member);
    assert_eq!(alice.get_list(&list.name).await.unwrap(), before);
}

#[tokio::test]
async fn sharing_with_a_member_who_has_another_role_changes_nothing_and_says_which() {
    let world = World::new().await;
    let (mut alice, bob, list, member) = shared(&world, Role::Viewer).await;
    let refused = alice.share(&list.name, bob.id, Role::Editor).await.unwrap_err();
    assert_eq!(why(&refused), told(Code::AlreadyExists, "MEMBER_EXISTS"));
    assert_eq!((metadata(&refused, "resource"), metadata(&refused, "role").as_str()), (member.name, "VIEWER"));
    let refused = alice.share(&list.name, alice.id, Role::Editor).await.unwrap_err();
    assert_eq!(why(&refused), told(Code::AlreadyExists, "MEMBER_EXISTS"));
    assert_eq!(metadata(&refused, "role"), "OWNER");
}

#[tokio::test]
async fn a_user_who_has_been_deleted_is_not_found() {
    let world = World::new().await;
    let (mut alice, gone) = (world.user(), world.user());
    let list = alice.list("ours").await;
    deletion::purge(&world.database, &[gone.id], "1").await.unwrap();
    let refused = alice.share(&list.name, gone.id, Role::Editor).await.unwrap_err();
    assert_eq!(why(&refused), told(Code::NotFound, "NOT_FOUND"));
    assert_eq!(metadata(&refused, "resource"), format!("users/{}", gone.id));
}

#[tokio::test]
async fn an_inbox_is_its_owners_alone() {
    let world = World::new().await;
    let (mut alice, bob) = (world.user(), world.user());
    let shared = alice.share("lists/inbox", bob.id, Role::Viewer).await.unwrap_err();
    let left = alice.leave("lists/inbox").await.unwrap_err();
    let own = alice.members_of("lists/inbox").await.unwrap();
    assert_eq!(roles(&own), [(format!("users/{}", alice.id), Role::Owner)]);
    let given = alice.give(&own[0].name, Role::Viewer, "").await.unwrap_err();
    let removed = alice.remove(&own[0].name, "").await.unwrap_err();
    for refused in [shared, left, given, removed] {
        assert_eq!(why(&refused), told(Code::FailedPrecondition, "INBOX_FIXED"));
    }
}

#[tokio::test]
async fn members_are_listed_by_name_in_pages() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("ours").await;
    for _ in 0..6 {
        let member = world.user();
        alice.share(&list.name, member.id, Role::Viewer).await.unwrap();
    }
    let all = alice.members_of(&list.name).await.unwrap();
    assert_eq!(all.len(), 7);
    assert!(all.is_sorted_by(|a, b| a.name < b.name));
    let (mut paged, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListMembersRequest { parent: list.name.clone(), page_size: 3, page_token };
        let page = alice.members.list_members(request).await.unwrap().into_inner();
        assert!(page.members.len() <= 3);
        paged.extend(page.members);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, all);
}

#[tokio::test]
async fn a_page_token_of_one_list_is_none_for_another() {
    let world = World::new().await;
    let (mut alice, _, list, _) = shared(&world, Role::Viewer).await;
    let request = wire::ListMembersRequest { parent: list.name, page_size: 1, page_token: String::new() };
    let page_token = alice.members.list_members(request).await.unwrap().into_inner().next_page_token;
    let request = wire::ListMembersRequest { parent: "lists/inbox".into(), page_size: 1, page_token };
    let refused = alice.members.list_members(request).await.unwrap_err();
    assert_eq!(why(&refused), told(Code::InvalidArgument, "PAGE_TOKEN_INVALID"));
}

#[tokio::test]
async fn an_etag_lets_only_its_own_version_of_a_member_be_changed() {
    let world = World::new().await;
    let (mut alice, bob, list, first) = shared(&world, Role::Viewer).await;
    let second = alice.give(&first.name, Role::Editor, &first.etag).await.unwrap();
    alice.todo(&list.name, "a change of a todo is none of its members").await;
    assert_ne!(second.etag, first.etag);
    for refused in [
        alice.give(&first.name, Role::Viewer, &first.etag).await.unwrap_err(),
        alice.remove(&first.name, &first.etag).await.unwrap_err(),
    ] {
        assert_eq!(why(&refused), told(Code::Aborted, "ETAG_MISMATCH"));
        assert_eq!(metadata(&refused, "resource"), first.name);
    }
    alice.remove(&first.name, &second.etag).await.unwrap();
    let again = alice.share(&list.name, bob.id, Role::Viewer).await.unwrap();
    assert!(again.etag != first.etag && again.etag != second.etag, "no version comes twice");
}

#[tokio::test]
async fn only_the_fields_that_the_mask_names_change() {
    let world = World::new().await;
    let (mut alice, bob, list, _) = shared(&world, Role::Viewer).await;
    let name = format!("{}/members/{}", list.name, bob.id);
    let cases: [(Option<&[&str]>, Role, Role); 6] = [
        (Some(&["name", "user", "create_time", "etag"]), Role::Editor, Role::Viewer),
        (None, Role::Unspecified, Role::Viewer),
        (Some(&["role"]), Role::Editor, Role::Editor),
        (None, Role::Viewer, Role::Viewer),
        (Some(&["*"]), Role::Editor, Role::Editor),
        (Some(&["role"]), Role::Editor, Role::Editor),
    ];
    for (mask, role, expected) in cases {
        let mut member = wire::Member { name: name.clone(), ..Default::default() };
        member.set_role(role);
        let update_mask = mask.map(|paths| prost_types::FieldMask { paths: paths.iter().map(|&p| p.into()).collect() });
        let request = wire::UpdateMemberRequest { member: Some(member), update_mask };
        assert_eq!(alice.members.update_member(request).await.unwrap().into_inner().role(), expected, "{mask:?}");
    }
    for (path, violation) in [("roles", "update_mask"), ("role", "member.role"), ("*", "member.role")] {
        let member = Some(wire::Member { name: name.clone(), ..Default::default() });
        let update_mask = Some(prost_types::FieldMask { paths: vec![path.into()] });
        let request = wire::UpdateMemberRequest { member, update_mask };
        assert_eq!(violations(&alice.members.update_member(request).await.unwrap_err()), [violation]);
    }
}

#[tokio::test]
async fn a_list_that_is_handed_over_has_a_new_owner_and_the_former_one_is_an_editor() {
    let world = World::new().await;
    let (mut alice, mut bob, list, member) = shared(&world, Role::Viewer).await;
    assert_eq!(alice.give(&member.name, Role::Owner, "").await.unwrap().role(), Role::Owner);
    let seen = bob.get_list(&list.name).await.unwrap();
    assert_eq!((seen.owner, seen.role), (format!("users/{}", bob.id), Role::Owner.into()));
    assert_eq!(alice.get_list(&list.name).await.unwrap().role(), Role::Editor);
    alice.todo(&list.name, "still mine to write").await;
    let refused = alice.rename(&list.name, "mine", "").await.unwrap_err();
    assert_eq!(why(&refused), told(Code::PermissionDenied, "ROLE_INSUFFICIENT"));
    bob.rename(&list.name, "mine", "").await.unwrap();
    alice.leave(&list.name).await.unwrap();
}

#[tokio::test]
async fn an_owner_stays_until_the_list_is_handed_over() {
    let world = World::new().await;
    let (mut alice, _, list, _) = shared(&world, Role::Editor).await;
    let own = format!("{}/members/{}", list.name, alice.id);
    for (refused, resource) in [
        (alice.leave(&list.name).await.unwrap_err(), &list.name),
        (alice.remove(&own, "").await.unwrap_err(), &own),
        (alice.give(&own, Role::Editor, "").await.unwrap_err(), &own),
    ] {
        assert_eq!(why(&refused), told(Code::FailedPrecondition, "OWNER_MUST_STAY"));
        assert_eq!(&metadata(&refused, "resource"), resource);
    }
    assert_eq!(alice.give(&own, Role::Owner, "").await.unwrap().role(), Role::Owner, "nothing to change");
}

/// That whoever is no member any more sees nothing of the list.
async fn sees_nothing(user: &mut User, list: &wire::List, todo: &wire::Todo) {
    let answers: Vec<Status> = vec![
        user.get_list(&list.name).await.unwrap_err(),
        user.get(&todo.name).await.unwrap_err(),
        user.page(&list.name, 0, "").await.unwrap_err(),
        user.members_of(&list.name).await.unwrap_err(),
        user.create(create(&list.name, "late")).await.unwrap_err(),
        user.complete(&todo.name, "").await.unwrap_err(),
        user.leave(&list.name).await.unwrap_err(),
    ];
    for refused in answers {
        assert_eq!(why(&refused), told(Code::NotFound, "NOT_FOUND"));
    }
    assert_eq!(user.list_names(true).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_member_who_is_removed_or_leaves_sees_nothing_from_then_on() {
    let world = World::new().await;
    for removed in [true, false] {
        let (mut alice, mut bob, list, member) = shared(&world, Role::Editor).await;
        let todo = bob.todo(&list.name, "what was written stays").await;
        if removed {
            alice.remove(&member.name, "").await.unwrap();
        } else {
            bob.leave(&list.name).await.unwrap();
        }
        sees_nothing(&mut bob, &list, &todo).await;
        assert_eq!(alice.get(&todo.name).await.unwrap(), todo);
        assert_eq!(alice.get_list(&list.name).await.unwrap().member_count, 1);
        let again = alice.remove(&member.name, "").await.unwrap_err();
        assert_eq!(why(&again), told(Code::NotFound, "NOT_FOUND"));
    }
}

#[tokio::test]
async fn a_member_who_is_not_the_owner_changes_no_member() {
    let world = World::new().await;
    for role in [Role::Viewer, Role::Editor] {
        let (mut alice, mut bob, list, member) = shared(&world, role).await;
        let carol = world.user();
        for refused in [
            bob.share(&list.name, carol.id, Role::Viewer).await.unwrap_err(),
            bob.give(&member.name, Role::Editor, "").await.unwrap_err(),
            bob.remove(&member.name, "").await.unwrap_err(),
            bob.remove(&format!("{}/members/{}", list.name, alice.id), "").await.unwrap_err(),
            bob.remove(&format!("{}/members/{}", list.name, carol.id), "").await.unwrap_err(),
        ] {
            assert_eq!(why(&refused), told(Code::PermissionDenied, "ROLE_INSUFFICIENT"));
            assert_eq!(metadata(&refused, "role"), "OWNER");
        }
        assert_eq!(alice.members_of(&list.name).await.unwrap(), bob.members_of(&list.name).await.unwrap());
    }
}

#[tokio::test]
async fn a_share_is_told_what_is_wrong_with_it() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("ours").await;
    let refused = alice.members.share_list(wire::ShareListRequest::default()).await.unwrap_err();
    assert_eq!(violations(&refused), ["list", "role", "user"]);
    for role in [Role::Unspecified.into(), Role::Owner.into(), 4] {
        let request = wire::ShareListRequest { list: list.name.clone(), user: format!("users/{}", world.id()), role };
        assert_eq!(violations(&alice.members.share_list(request).await.unwrap_err()), ["role"]);
    }
}

#[tokio::test]
async fn the_limit_of_members_holds_when_many_are_made_at_once() {
    let world = World::with(|limits| limits.members_per_list = 5).await;
    let mut alice = world.user();
    let list = alice.list("ours").await;
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let (mut alice, name, member) = (alice.clone(), list.name.clone(), world.user());
        calls.spawn(async move { alice.share(&name, member.id, Role::Viewer).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = calls.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 4, "the owner counts");
    for refused in refused {
        let refused = refused.unwrap_err();
        assert_eq!(why(&refused), told(Code::ResourceExhausted, "QUOTA_EXCEEDED"));
        assert_eq!(metadata(&refused, "limit"), "5");
    }
    assert_eq!(alice.get_list(&list.name).await.unwrap().member_count, 5);
}

#[tokio::test]
async fn the_limit_of_lists_holds_for_those_with_whom_many_share_at_once() {
    let world = World::with(|limits| limits.lists_per_user = 5).await;
    let mut bob = world.user();
    let mut calls = JoinSet::new();
    for n in 0..20 {
        let (mut alice, mut bob) = (world.user(), bob.clone());
        calls.spawn(async move {
            if n % 4 == 0 {
                let list = wire::List { display_name: "mine".into(), ..Default::default() };
                let request = wire::CreateListRequest { list: Some(list), list_id: String::new() };
                return bob.lists.create_list(request).await.map(|_| ());
            }
            let list = alice.list("ours").await;
            alice.share(&list.name, bob.id, Role::Viewer).await.map(|_| ())
        });
    }
    let (made, refused): (Vec<_>, Vec<_>) = calls.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 4, "the inbox counts");
    for refused in refused {
        assert_eq!(why(&refused.unwrap_err()), told(Code::ResourceExhausted, "QUOTA_EXCEEDED"));
    }
    assert_eq!(bob.list_names(false).await.len(), 4);
}

#[tokio::test]
async fn the_list_and_the_inbox_of_whoever_is_concerned_change_with_each_membership() {
    let world = World::new().await;
    let (mut alice, bob, carol) = (world.user(), world.user(), world.user());
    let list = alice.list("ours").await;
    alice.share(&list.name, carol.id, Role::Viewer).await.unwrap();
    let name = format!("{}/members/{}", list.name, bob.id);
    let look = async || {
        let mut etags = vec![world.user_with_id(alice.id).get_list(&list.name).await.unwrap().etag];
        for id in [alice.id, bob.id, carol.id] {
            etags.push(world.user_with_id(id).get_list("lists/inbox").await.unwrap().etag);
        }
        etags
    };
    let mut versions = vec![look().await];
    let mut owner = world.user_with_id(alice.id);
    owner.share(&list.name, bob.id, Role::Viewer).await.unwrap();
    versions.push(look().await);
    owner.give(&name, Role::Editor, "").await.unwrap();
    versions.push(look().await);
    owner.give(&name, Role::Owner, "").await.unwrap();
    versions.push(look().await);
    world.user_with_id(bob.id).remove(&format!("{}/members/{}", list.name, carol.id), "").await.unwrap();
    versions.push(look().await);
    let changed: Vec<Vec<bool>> =
        versions.windows(2).map(|pair| pair[0].iter().zip(&pair[1]).map(|(a, b)| a != b).collect()).collect();
    assert_eq!(
        changed,
        [
            // The list, and the inboxes of Alice, Bob and Carol.
            [true, false, true, false],
            [true, false, true, false],
            [true, true, true, false],
            [true, false, false, true],
        ]
    );
}
