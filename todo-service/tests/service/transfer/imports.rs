//! What becomes of what is sent.

use proto::todo::v1 as wire;
use proto::todo::v1::import_finding::Kind;
use tonic::Code;

use super::{calendar, done, import, text, todos, vtodo};
use crate::support::world::{World, metadata, why};

#[tokio::test]
async fn a_text_becomes_todos() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await.name;
    let todo = vtodo(&[
        "UID:a@b",
        "SUMMARY:Buy milk",
        "DESCRIPTION:two litres",
        "PRIORITY:1",
        "CATEGORIES:shop,home",
        "DUE;TZID=Europe/Berlin:20261224T183000",
        "RRULE:FREQ=WEEKLY",
    ]);
    let done_before = vtodo(&["UID:c@d", "SUMMARY:Buy eggs", "STATUS:COMPLETED", "COMPLETED:20260102T030405Z"]);
    let told = import(&mut alice, vec![text(&list, &calendar(&[&todo, &done_before]))]).await.unwrap();
    assert_eq!(told, done(2, 0));
    let made = todos(&mut alice, &list).await;
    let [milk, eggs] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!((milk.title.as_str(), milk.notes.as_str(), milk.priority), ("Buy milk", "two litres", 1));
    assert_eq!(
        (milk.labels.as_slice(), milk.recurrence.as_str()),
        (["shop".into(), "home".into()].as_slice(), "FREQ=WEEKLY")
    );
    let when = milk.due.clone().unwrap().when.unwrap();
    let wire::due::When::DateTime(due) = when else { panic!("{when:?}") };
    assert_eq!((due.local_time.as_str(), due.time_zone.as_str()), ("2026-12-24T18:30:00", "Europe/Berlin"));
    assert_eq!((milk.state(), eggs.state()), (wire::todo::State::Open, wire::todo::State::Completed));
    assert_eq!(eggs.complete_time.unwrap().seconds, 1_767_323_045);
}

#[tokio::test]
async fn importing_again_makes_nothing_twice_and_changes_nothing() {
    let world = World::new().await;
    let mut alice = world.user();
    let whole = calendar(&[&vtodo(&["UID:a@b", "SUMMARY:one"]), &vtodo(&["UID:c@d", "SUMMARY:two"])]);
    assert_eq!(import(&mut alice, vec![text("lists/inbox", &whole)]).await.unwrap(), done(2, 0));
    let mut one = todos(&mut alice, "lists/inbox").await.remove(0);
    one.title = "changed".to_owned();
    let before = [alice.update(one, None).await.unwrap(), todos(&mut alice, "lists/inbox").await.remove(1)];
    assert_eq!(import(&mut alice, vec![text("lists/inbox", &whole)]).await.unwrap(), done(0, 2));
    assert_eq!(todos(&mut alice, "lists/inbox").await, before);
}

#[tokio::test]
async fn one_uid_twice_in_a_text_is_one_todo() {
    let world = World::new().await;
    let mut alice = world.user();
    let twice = calendar(&[&vtodo(&["UID:a@b", "SUMMARY:one"]), &vtodo(&["UID:a@b", "SUMMARY:again"])]);
    assert_eq!(import(&mut alice, vec![text("lists/inbox", &twice)]).await.unwrap(), done(1, 1));
}

#[tokio::test]
async fn a_text_may_come_in_any_pieces() {
    let world = World::new().await;
    let mut alice = world.user();
    let whole = calendar(&[&vtodo(&["UID:a@b", "SUMMARY:Grüße \u{1D11E}"])]);
    let mut requests: Vec<_> = whole
        .as_bytes()
        .chunks(3)
        .map(|piece| wire::ImportTodosRequest { icalendar: piece.to_vec(), ..Default::default() })
        .collect();
    requests[0].parent = "lists/inbox".to_owned();
    assert_eq!(import(&mut alice, requests).await.unwrap(), done(1, 0));
    assert_eq!(todos(&mut alice, "lists/inbox").await[0].title, "Grüße \u{1D11E}");
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_line_and_the_rest_is_made() {
    let world = World::new().await;
    let mut alice = world.user();
    let parts = [
        vtodo(&["SUMMARY:first"]),
        vtodo(&["SUMMARY:broken", "no property"]),
        "BEGIN:VEVENT\r\nEND:VEVENT\r\n".to_owned(),
        vtodo(&["SUMMARY:floating", "DUE:20261224T183000"]),
        vtodo(&["SUMMARY:huge", &format!("X-A:{}", "x".repeat(17_000))]),
        "BEGIN:VTODO\r\nSUMMARY:cut off".to_owned(),
    ];
    let whole = format!("BEGIN:VCALENDAR\r\n{}", parts.concat());
    let told = import(&mut alice, vec![text("lists/inbox", &whole)]).await.unwrap();
    let found: Vec<_> = told.findings.iter().map(|(kind, line, _)| (*kind, *line)).collect();
    let expected = [(Kind::Malformed, 7), (Kind::Kept, 11), (Kind::TooLarge, 15), (Kind::Malformed, 19)];
    assert_eq!(found, expected, "{:?}", told.findings);
    let last =
        wire::ImportProgress { created_count: 2, refused_count: 3, skipped_count: 1, done: true, ..Default::default() };
    assert_eq!(told.last, last);
    let titles: Vec<_> = todos(&mut alice, "lists/inbox").await.into_iter().map(|todo| todo.title).collect();
    assert_eq!(titles, ["first", "floating"]);
}

#[tokio::test]
async fn a_part_may_come_before_its_parent() {
    let world = World::new().await;
    let mut alice = world.user();
    let part = vtodo(&["UID:part@x", "SUMMARY:part", "RELATED-TO:whole@x"]);
    let whole = vtodo(&["UID:whole@x", "SUMMARY:whole"]);
    assert_eq!(import(&mut alice, vec![text("lists/inbox", &calendar(&[&part, &whole]))]).await.unwrap(), done(2, 0));
    let made = todos(&mut alice, "lists/inbox").await;
    let named = |title: &str| made.iter().find(|todo| todo.title == title).unwrap();
    assert_eq!(named("part").parent_todo, named("whole").name);
}

#[tokio::test]
async fn a_part_finds_its_parent_in_an_earlier_import() {
    let world = World::new().await;
    let mut alice = world.user();
    for todo in [["UID:whole@x", "SUMMARY:whole", "X-A:1"], ["UID:part@x", "SUMMARY:part", "RELATED-TO:whole@x"]] {
        assert_eq!(import(&mut alice, vec![text("lists/inbox", &vtodo(&todo))]).await.unwrap(), done(1, 0));
    }
    assert!(todos(&mut alice, "lists/inbox").await.iter().any(|todo| !todo.parent_todo.is_empty()));
}

#[tokio::test]
async fn a_part_without_a_parent_and_one_of_a_part_are_made_by_themselves() {
    let world = World::new().await;
    let mut alice = world.user();
    let parts = [
        vtodo(&["UID:whole@x", "SUMMARY:whole"]),
        vtodo(&["UID:part@x", "SUMMARY:part", "RELATED-TO:whole@x"]),
        vtodo(&["UID:small@x", "SUMMARY:small", "RELATED-TO:part@x"]),
        vtodo(&["UID:orphan@x", "SUMMARY:orphan", "RELATED-TO:nobody@x"]),
    ];
    let told = import(&mut alice, vec![text("lists/inbox", &calendar(&parts.each_ref().map(String::as_str)))]).await;
    let told = told.unwrap();
    assert_eq!(told.last.created_count, 4);
    assert!(told.findings.len() == 2 && told.findings.iter().all(|(kind, ..)| *kind == Kind::Kept), "{told:?}");
    let exported = super::export_text(&mut alice, "lists/inbox").await;
    for relation in ["RELATED-TO:whole@x", "RELATED-TO:part@x", "RELATED-TO:nobody@x"] {
        assert!(exported.contains(relation), "{exported}");
    }
}

#[tokio::test]
async fn todos_as_messages_keep_their_ids_and_those_without_get_them_from_the_request() {
    let world = World::new().await;
    let mut alice = world.user();
    let name = format!("lists/{}/todos/{}", world.id(), world.id());
    let named = wire::Todo { name: name.clone(), title: "named".to_owned(), ..Default::default() };
    let nameless = wire::Todo { title: "nameless".to_owned(), ..Default::default() };
    let wrong = wire::Todo { title: String::new(), priority: 10, ..Default::default() };
    let sent = [named, nameless.clone(), nameless, wrong];
    let todos_sent = sent.map(|todo| wire::TransferredTodo { todo: Some(todo), ..Default::default() }).to_vec();
    let request = wire::ImportTodosRequest {
        parent: "lists/inbox".to_owned(),
        request_id: world.id().to_string(),
        todos: todos_sent,
        ..Default::default()
    };
    let told = import(&mut alice, vec![request.clone()]).await.unwrap();
    assert_eq!((told.last.created_count, told.last.refused_count), (3, 1));
    assert_eq!(told.findings[0].0, Kind::FieldInvalid);
    assert_eq!(told.findings[0].1, 4);
    let made = todos(&mut alice, "lists/inbox").await;
    assert_eq!(made[0].name.rsplit('/').next(), name.rsplit('/').next());
    let again = import(&mut alice, vec![request]).await.unwrap();
    assert_eq!((again.last.created_count, again.last.existing_count), (0, 3));
}

#[tokio::test]
async fn a_full_list_takes_no_more_and_says_how_many_it_took() {
    let world = World::with(|limits| limits.todos_per_list = 250).await;
    let mut alice = world.user();
    let whole: String = (0..300).map(|n| vtodo(&[&format!("UID:{n}@x"), "SUMMARY:x"])).collect();
    let mut answers =
        alice.todos.import_todos(tokio_stream::iter([text("lists/inbox", &whole)])).await.unwrap().into_inner();
    let mut last = None;
    let refusal = loop {
        match answers.message().await {
            Ok(answer) => last = answer.unwrap().content,
            Err(status) => break status,
        }
    };
    assert_eq!(why(&refusal), (Code::ResourceExhausted, "QUOTA_EXCEEDED".to_owned()));
    assert_eq!(metadata(&refusal, "limit"), "250");
    let created = |content| match content {
        Some(wire::import_todos_response::Content::Progress(progress)) => progress.created_count,
        other => panic!("{other:?}"),
    };
    assert_eq!(created(last), 250);
    assert_eq!(todos(&mut alice, "lists/inbox").await.len(), 250);
}

#[tokio::test]
async fn only_who_may_write_imports() {
    let world = World::new().await;
    let (mut alice, mut viewer, mut editor) = (world.user(), world.user(), world.user());
    let list = alice.list("Errands").await;
    world.admit(&viewer, &list, "viewer").await;
    world.admit(&editor, &list, "editor").await;
    let request = || vec![text(&list.name, &vtodo(&["UID:a@b", "SUMMARY:x"]))];
    let refused = import(&mut viewer, request()).await.unwrap_err();
    assert_eq!(why(&refused), (Code::PermissionDenied, "ROLE_INSUFFICIENT".to_owned()));
    let stranger = import(&mut world.user(), request()).await.unwrap_err();
    assert_eq!(why(&stranger), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert_eq!(import(&mut editor, request()).await.unwrap(), done(1, 0));
    assert_eq!(todos(&mut viewer, &list.name).await.len(), 1, "who may read exports");
}
