//! What is exported, and that nothing is lost on the way out and in again.

use proto::todo::v1 as wire;
use proto::todo::v1::export_todos_request::Format;
use tonic::Code;

use super::{calendar, done, export, export_text, export_todos, import, text, todos, vtodo};
use crate::support::world::{User, World, why};

/// A todo without what the list that it is in says of it.
fn bare(todo: wire::Todo) -> wire::Todo {
    let id = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    wire::Todo {
        name: id(&todo.name),
        parent_todo: id(&todo.parent_todo),
        create_time: None,
        update_time: None,
        etag: String::new(),
        position: String::new(),
        ..todo
    }
}

async fn bares(user: &mut User, parent: &str) -> Vec<wire::Todo> {
    todos(user, parent).await.into_iter().map(bare).collect()
}

/// A list of todos of every kind, and a text of what no field says.
async fn errands(user: &mut User) -> String {
    let list = user.list("Errands").await.name;
    let parts = [
        vtodo(&["UID:a@b", "SUMMARY;LANGUAGE=de:Milch", "DUE:20261224T183000", "STATUS:IN-PROCESS", "X-A:1"]),
        vtodo(&["UID:c@d", "SUMMARY:Part", "RELATED-TO:a@b", "BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM"]),
        vtodo(&["UID:e@f", "SUMMARY:Done", "STATUS:COMPLETED", "COMPLETED:20260102T030405Z"]),
    ];
    let whole = calendar(&parts.each_ref().map(String::as_str));
    import(user, vec![text(&list, &whole)]).await.unwrap();
    let due = wire::due::When::Date("2026-12-24".to_owned());
    let todo = wire::Todo {
        title: "Buy, milk; and \\ eggs".to_owned(),
        notes: "first\nsecond".to_owned(),
        priority: 5,
        labels: vec!["a,b".to_owned(), "c".to_owned()],
        due: Some(wire::Due { when: Some(due) }),
        recurrence: "FREQ=WEEKLY".to_owned(),
        ..Default::default()
    };
    let request = wire::CreateTodoRequest { parent: list.clone(), todo: Some(todo), ..Default::default() };
    user.create(request).await.unwrap();
    list
}

#[tokio::test]
async fn what_is_exported_as_text_and_imported_is_the_same() {
    let world = World::new().await;
    let mut alice = world.user();
    let (from, to) = (errands(&mut alice).await, alice.list("Copy").await.name);
    let exported = export_text(&mut alice, &from).await;
    let told = import(&mut alice, vec![text(&to, &exported)]).await.unwrap();
    assert_eq!(told.last, done(4, 0).last, "{told:?}");
    let (mut there, mut here) = (bares(&mut alice, &from).await, bares(&mut alice, &to).await);
    there.sort_by(|a, b| a.name.cmp(&b.name));
    here.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(here, there);
    let lines = |text: String| {
        let stamps = ["DTSTAMP", "LAST-MODIFIED", "CREATED"];
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.retain(|line| !stamps.iter().any(|stamp| line.starts_with(stamp)));
        lines.sort();
        lines
    };
    assert_eq!(lines(export_text(&mut alice, &to).await), lines(exported));
}

#[tokio::test]
async fn what_is_exported_as_messages_and_imported_is_the_same() {
    let world = World::new().await;
    let mut alice = world.user();
    let (from, to) = (errands(&mut alice).await, alice.list("Copy").await.name);
    let exported = export_todos(&mut alice, &from).await;
    let request = wire::ImportTodosRequest { parent: to.clone(), todos: exported.clone(), ..Default::default() };
    assert_eq!(import(&mut alice, vec![request]).await.unwrap(), done(4, 0));
    let sorted = |sent: Vec<wire::TransferredTodo>| {
        let bare = |sent: wire::TransferredTodo| (bare(sent.todo.unwrap()), sent.icalendar);
        let mut todos: Vec<_> = sent.into_iter().map(bare).collect();
        todos.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        todos
    };
    assert_eq!(sorted(export_todos(&mut alice, &to).await), sorted(exported));
}

#[tokio::test]
async fn a_text_that_is_exported_into_its_own_list_is_there_already() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = errands(&mut alice).await;
    let exported = export_text(&mut alice, &list).await;
    assert_eq!(import(&mut alice, vec![text(&list, &exported)]).await.unwrap().last, done(0, 4).last);
}

#[tokio::test]
async fn a_todo_without_a_field_has_no_property_of_it() {
    let world = World::new().await;
    let mut alice = world.user();
    let todo = alice.todo("lists/inbox", "x").await;
    let id = todo.name.rsplit('/').next().unwrap();
    let (head, tail) = ("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//todo.local//todo-service//EN\n", "END:VCALENDAR\n");
    let body = format!("BEGIN:VTODO\n*\n*\n*\nUID:{id}\nSUMMARY:x\nSTATUS:NEEDS-ACTION\nEND:VTODO\n");
    let exported = export_text(&mut alice, "lists/inbox").await;
    let stamps = ["DTSTAMP:", "CREATED:", "LAST-MODIFIED:"];
    let starred = |line: &str| {
        if stamps.iter().any(|stamp| line.starts_with(stamp)) { "*\n".into() } else { format!("{line}\n") }
    };
    assert_eq!(exported.split_terminator("\r\n").map(starred).collect::<String>(), [head, &body, tail].concat());
}

#[tokio::test]
async fn a_long_list_comes_whole_in_pieces_of_64_kib() {
    let world = World::new().await;
    let mut alice = world.user();
    let notes = "ü".repeat(500);
    let whole: String = (0..300)
        .map(|n| vtodo(&[&format!("UID:{n}@x"), &format!("SUMMARY:{n}"), &format!("DESCRIPTION:{notes}")]))
        .collect();
    let pieces = whole.as_bytes().chunks(50_000).map(|piece| wire::ImportTodosRequest {
        parent: "lists/inbox".into(),
        icalendar: piece.to_vec(),
        ..Default::default()
    });
    assert_eq!(import(&mut alice, pieces.collect()).await.unwrap(), done(300, 0));
    let pieces = export(&mut alice, "lists/inbox", Format::Icalendar).await.unwrap();
    assert!(pieces.len() > 4 && pieces.iter().all(|piece| piece.icalendar.len() <= 64 * 1024));
    let text = export_text(&mut alice, "lists/inbox").await;
    assert_eq!(text.matches("BEGIN:VTODO").count(), 300);
    let titles: Vec<_> = todos(&mut alice, "lists/inbox").await.into_iter().map(|todo| todo.title).collect();
    assert_eq!(titles, (0..300).map(|n| n.to_string()).collect::<Vec<_>>(), "in the order of the text");
}

#[tokio::test]
async fn deleted_todos_are_not_exported_and_an_empty_list_is_an_empty_calendar() {
    let world = World::new().await;
    let mut alice = world.user();
    let todo = alice.todo("lists/inbox", "x").await;
    alice.delete(&todo.name, "").await.unwrap();
    assert!(!export_text(&mut alice, "lists/inbox").await.contains("VTODO"));
    assert!(export(&mut alice, "lists/inbox", Format::Todos).await.unwrap().is_empty());
    let never_used = export_text(&mut world.user(), "lists/inbox").await;
    assert!(never_used.starts_with("BEGIN:VCALENDAR\r\n") && never_used.ends_with("END:VCALENDAR\r\n"));
}

#[tokio::test]
async fn only_who_may_read_exports() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Errands").await.name;
    let refused = export(&mut world.user(), &list, Format::Icalendar).await.unwrap_err();
    assert_eq!(why(&refused), (Code::NotFound, "NOT_FOUND".to_owned()));
}
