use proto::todo::v1 as wire;
use tonic::Code;

use crate::support::world::{User, World, create, metadata, violations, why};

async fn milk(user: &mut User) -> wire::Todo {
    let mut request = create("lists/inbox", "milk");
    request.todo.as_mut().unwrap().notes = "two litres".into();
    user.create(request).await.unwrap()
}

type Mask = Option<&'static [&'static str]>;

#[tokio::test]
async fn only_the_fields_that_the_mask_names_change() {
    let world = World::new().await;
    let mut alice = world.user();
    let cases: [(Mask, &str, &str, (&str, &str)); 10] = [
        (Some(&["title"]), "bread", "one", ("bread", "two litres")),
        (Some(&["notes"]), "bread", "one", ("milk", "one")),
        (Some(&["notes"]), "bread", "", ("milk", "")),
        (Some(&["title", "notes"]), "bread", "one", ("bread", "one")),
        (Some(&["*"]), "bread", "", ("bread", "")),
        (None, "bread", "", ("bread", "two litres")),
        (None, "", "one", ("milk", "one")),
        (None, "", "", ("milk", "two litres")),
        (Some(&[]), "", "one", ("milk", "one")),
        (Some(&["state", "creator", "create_time", "etag", "name"]), "bread", "one", ("milk", "two litres")),
    ];
    for (mask, title, notes, expected) in cases {
        let before = milk(&mut alice).await;
        let edit =
            wire::Todo { name: before.name.clone(), title: title.into(), notes: notes.into(), ..Default::default() };
        let after = alice.update(edit, mask).await.unwrap();
        assert_eq!((after.title.as_str(), after.notes.as_str()), expected, "{mask:?} {title:?} {notes:?}");
        let rest = wire::Todo {
            title: before.title.clone(),
            notes: before.notes.clone(),
            update_time: before.update_time,
            etag: before.etag.clone(),
            ..after.clone()
        };
        assert_eq!(rest, before, "nothing else");
        assert_eq!(alice.get(&before.name).await.unwrap(), after);
    }
}

#[tokio::test]
async fn output_only_fields_are_ignored_by_an_update() {
    let world = World::new().await;
    let mut alice = world.user();
    let before = milk(&mut alice).await;
    let past = Some(prost_types::Timestamp { seconds: 1, nanos: 0 });
    let mut edit = wire::Todo { title: "bread".into(), create_time: past, delete_time: past, ..before.clone() };
    edit.set_state(wire::todo::State::Completed);
    edit.creator = format!("users/{}", world.id());
    for mask in [None, Some(["*"].as_slice()), Some(["title", "state", "delete_time", "creator"].as_slice())] {
        edit.etag = String::new();
        let after = alice.update(edit.clone(), mask).await.unwrap();
        assert_eq!((after.state(), &after.creator), (wire::todo::State::Open, &before.creator));
        assert_eq!((after.create_time, after.delete_time), (before.create_time, None));
    }
}

#[tokio::test]
async fn an_unknown_path_is_refused() {
    let world = World::new().await;
    let mut alice = world.user();
    let before = milk(&mut alice).await;
    for path in ["color", "titel", "title.x", "due.date", "", "Title", "todo.title"] {
        let refused = alice.update(before.clone(), Some(&["title", path])).await.unwrap_err();
        assert_eq!(violations(&refused), ["update_mask"], "{path:?}");
    }
    let many = vec!["title"; 33];
    assert_eq!(violations(&alice.update(before, Some(&many)).await.unwrap_err()), ["update_mask"]);
}

#[tokio::test]
async fn a_title_that_the_mask_names_cannot_be_empty() {
    let world = World::new().await;
    let mut alice = world.user();
    let before = milk(&mut alice).await;
    for mask in [["title"], ["*"]] {
        let edit = wire::Todo { name: before.name.clone(), ..Default::default() };
        let refused = alice.update(edit, Some(&mask)).await.unwrap_err();
        assert_eq!(violations(&refused), ["todo.title"]);
    }
}

#[tokio::test]
async fn an_etag_lets_only_its_own_version_be_changed() {
    let world = World::new().await;
    let mut alice = world.user();
    let first = milk(&mut alice).await;
    let second = alice.update(wire::Todo { title: "bread".into(), ..first.clone() }, Some(&["title"])).await.unwrap();
    assert_ne!(second.etag, first.etag);

    let stale = first.etag.as_str();
    let edit = wire::Todo { title: "jam".into(), etag: stale.into(), ..first.clone() };
    let refusals = [
        alice.update(edit, Some(&["title"])).await.unwrap_err(),
        alice.complete(&first.name, stale).await.unwrap_err(),
        alice.reopen(&first.name, stale).await.unwrap_err(),
        alice.delete(&first.name, stale).await.unwrap_err(),
    ];
    for refused in refusals {
        assert_eq!(why(&refused), (Code::Aborted, "ETAG_MISMATCH".into()));
        assert_eq!(metadata(&refused, "resource"), first.name);
    }
    assert_eq!(alice.get(&first.name).await.unwrap(), second);

    let third = alice.complete(&first.name, &second.etag).await.unwrap();
    let fourth = alice.reopen(&first.name, &third.etag).await.unwrap();
    alice.delete(&first.name, &fourth.etag).await.unwrap();
}

#[tokio::test]
async fn an_etag_that_was_never_given_out_matches_nothing() {
    let world = World::new().await;
    let mut alice = world.user();
    let todo = milk(&mut alice).await;
    let list = alice.get_list("lists/inbox").await.unwrap();
    let nearly = format!("{}A", todo.etag);
    for etag in ["*", "1", "\"1\"", "AAAAAAAAAAA", "//////////8", "__________8", &nearly, &"e".repeat(64)] {
        let refused = alice.complete(&todo.name, etag).await.unwrap_err();
        assert_eq!(why(&refused), (Code::Aborted, "ETAG_MISMATCH".into()), "{etag}");
    }
    assert_eq!(alice.get_list("lists/inbox").await.unwrap(), list);
}

#[tokio::test]
async fn an_update_that_changes_nothing_leaves_the_version() {
    let world = World::new().await;
    let mut alice = world.user();
    let before = milk(&mut alice).await;
    assert_eq!(alice.update(before.clone(), Some(&["*"])).await.unwrap(), before);
    assert_eq!(alice.update(before.clone(), None).await.unwrap(), before);
}

#[tokio::test]
async fn of_two_conditional_updates_at_once_one_wins() {
    let world = World::new().await;
    let mut alice = world.user();
    let before = milk(&mut alice).await;
    let edit = |title: &str| wire::Todo { title: title.into(), ..before.clone() };
    let (mut one, mut other) = (alice.clone(), alice.clone());
    let (one, other) = tokio::join!(one.update(edit("bread"), None), other.update(edit("jam"), None));
    let (won, lost) = match (one, other) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        both => panic!("{both:?}"),
    };
    assert_eq!(why(&lost), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(alice.get(&before.name).await.unwrap(), won);
}

/// An update that makes the todo where there is none.
async fn upsert(user: &mut User, todo: wire::Todo) -> Result<wire::Todo, tonic::Status> {
    let request = wire::UpdateTodoRequest { todo: Some(todo), update_mask: None, allow_missing: true };
    user.todos.update_todo(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn an_update_may_make_what_is_missing() {
    let world = World::new().await;
    let mut alice = world.user();
    let inbox = alice.get_list("lists/inbox").await.unwrap().name;
    let name = format!("{inbox}/todos/{}", world.id());
    let sent = wire::Todo { name: name.clone(), title: "milk".into(), priority: 3, ..Default::default() };
    let made = upsert(&mut alice, sent.clone()).await.unwrap();
    assert_eq!((made.name.as_str(), made.title.as_str(), made.priority), (name.as_str(), "milk", 3));
    let changed = upsert(&mut alice, wire::Todo { title: "bread".into(), priority: 0, ..sent }).await.unwrap();
    assert_eq!((changed.title.as_str(), changed.priority), ("bread", 3), "only what is set");
    assert_eq!(alice.page("lists/inbox", 0, "").await.unwrap().todos, [changed]);
}

#[tokio::test]
async fn an_update_makes_nothing_without_a_title_with_an_etag_or_in_a_list_of_somebody_else() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let inbox = alice.get_list("lists/inbox").await.unwrap().name;
    let sent = |title: &str| wire::Todo {
        name: format!("{inbox}/todos/{}", world.id()),
        title: title.into(),
        ..Default::default()
    };
    assert_eq!(violations(&upsert(&mut alice, sent("")).await.unwrap_err()), ["todo.title"]);
    let with_etag = wire::Todo { etag: "AAAAAAAAAAE".into(), ..sent("milk") };
    assert_eq!(why(&upsert(&mut alice, with_etag).await.unwrap_err()).1, "NOT_FOUND");
    let theirs = sent("milk");
    let refused = upsert(&mut bob, theirs.clone()).await.unwrap_err();
    assert_eq!(why(&refused).1, "NOT_FOUND");
    assert_eq!(metadata(&refused, "resource"), theirs.name);
    assert_eq!(alice.page("lists/inbox", 0, "").await.unwrap().todos, []);
}

#[tokio::test]
async fn an_update_does_not_make_what_was_deleted() {
    let world = World::new().await;
    let mut alice = world.user();
    let todo = milk(&mut alice).await;
    alice.delete(&todo.name, "").await.unwrap();
    let refused = upsert(&mut alice, wire::Todo { etag: String::new(), ..todo }).await.unwrap_err();
    assert_eq!(why(&refused), (Code::AlreadyExists, "ID_TAKEN".into()));
}

#[tokio::test]
async fn of_many_that_make_what_is_missing_at_once_one_does_and_the_others_change_it() {
    let world = World::new().await;
    let mut alice = world.user();
    let inbox = alice.get_list("lists/inbox").await.unwrap().name;
    let name = format!("{inbox}/todos/{}", world.id());
    let sent = |n: i32| wire::Todo { name: name.clone(), title: format!("title {n}"), ..Default::default() };
    let calls = (0..8).map(|n| {
        let mut alice = alice.clone();
        let sent = sent(n);
        async move { upsert(&mut alice, sent).await.unwrap() }
    });
    let answers = futures_util::future::join_all(calls).await;
    let etags: std::collections::BTreeSet<_> = answers.iter().map(|todo| &todo.etag).collect();
    assert_eq!(etags.len(), 8, "each has a version of its own");
    assert_eq!(alice.page("lists/inbox", 0, "").await.unwrap().todos.len(), 1);
}

#[tokio::test]
async fn whoever_may_not_write_changes_nothing_by_any_mask() {
    const MASKS: [&str; 20] = [
        "*",
        "name",
        "title",
        "notes",
        "state",
        "creator",
        "create_time",
        "update_time",
        "complete_time",
        "delete_time",
        "purge_time",
        "etag",
        "priority",
        "labels",
        "due",
        "recurrence",
        "parent_todo",
        "position",
        "next_occurrence",
        "",
    ];
    let world = World::new().await;
    let (mut alice, mut viewer, mut stranger) = (world.user(), world.user(), world.user());
    let list = alice.list("Shared").await;
    world.admit(&viewer, &list, "viewer").await;
    let todo = alice.todo(&list.name, "milk").await;
    let sent = wire::Todo {
        name: todo.name.clone(),
        title: "tea".into(),
        notes: "green".into(),
        priority: 1,
        labels: vec!["home".into()],
        ..Default::default()
    };
    for mask in MASKS {
        let paths = [mask];
        let mask = if mask.is_empty() { None } else { Some(paths.as_slice()) };
        let refused = viewer.update(sent.clone(), mask).await.unwrap_err();
        assert_eq!(why(&refused), (Code::PermissionDenied, "ROLE_INSUFFICIENT".into()), "{mask:?}");
        let refused = stranger.update(sent.clone(), mask).await.unwrap_err();
        assert_eq!(why(&refused), (Code::NotFound, "NOT_FOUND".into()), "{mask:?}");
    }
    assert_eq!(alice.get(&todo.name).await.unwrap(), todo);
}
