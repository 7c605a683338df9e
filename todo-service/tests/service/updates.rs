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
    for path in ["priority", "titel", "title.x", "", "Title", "todo.title"] {
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
