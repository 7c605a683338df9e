//! ListTodos: filters and orders, against the same done by hand on all todos.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use prost_types::Timestamp;
use proto::todo::v1 as wire;
use proto::todo::v1::todo::State;
use proto::todo::v1::todo_order::Key;
use proto::todo::v1::watch_todos_response::Content;
use proto::todo::v1::{ListTodosRequest, TodoFilter, TodoOrder, due};
use service_kit::entropy::Entropy;
use tonic::{Code, Status};

use crate::support::world::{User, World, create, why};

async fn list(user: &mut User, request: ListTodosRequest) -> Result<wire::ListTodosResponse, Status> {
    user.todos.list_todos(request).await.map(tonic::Response::into_inner)
}

fn all(parent: &str) -> ListTodosRequest {
    ListTodosRequest { parent: parent.to_owned(), page_size: 1000, ..Default::default() }
}

/// Every page of a walk.
async fn walk(user: &mut User, mut request: ListTodosRequest) -> Vec<wire::Todo> {
    let mut todos = Vec::new();
    loop {
        let page = list(user, request.clone()).await.unwrap();
        assert_eq!(page.next_page_token.is_empty(), !page.sync_token.is_empty(), "the last page says where to go on");
        todos.extend(page.todos);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return todos;
        }
    }
}

/// Three lists of todos that differ in everything, many of them alike in something.
async fn furnished(world: &World) -> User {
    let (mut user, dice) = (world.user(), Entropy::seeded(7));
    let lists = ["lists/inbox".to_owned(), user.list("Home").await.name, user.list("Work").await.name];
    for number in 0..60 {
        let [list, priority, due, zone, state, label] = dice.bytes::<6>().map(usize::from);
        let mut request = create(&lists[list % 3], ["Milk", "BREAD and milk", "tea"][number % 3]);
        let todo = request.todo.as_mut().unwrap();
        todo.priority = i32::try_from(priority % 4).unwrap();
        todo.labels = ["home", "work", "urgent"][..label % 4].iter().map(ToString::to_string).collect();
        let day = format!("2026-12-0{}", 1 + due % 5);
        todo.due = match due % 3 {
            0 => None,
            1 => Some(due::When::Date(day)),
            _ => Some(due::When::DateTime(wire::ZonedTime {
                local_time: format!("{day}T{:02}:30:00", due % 24),
                time_zone: ["Europe/Berlin", "America/New_York"][zone % 2].to_owned(),
                instant: None,
            })),
        }
        .map(|when| wire::Due { when: Some(when) });
        let made = user.create(request).await.unwrap();
        if state % 2 == 0 {
            user.complete(&made.name, "").await.unwrap();
        }
    }
    user
}

/// Whether a filter admits a todo.
type Admits<'a> = Box<dyn Fn(&wire::Todo) -> bool + 'a>;

/// When a todo is due as a clock shows it; what is not is last.
fn due(todo: &wire::Todo) -> String {
    match todo.due.as_ref().and_then(|due| due.when.as_ref()) {
        Some(due::When::Date(day)) => format!("{day}T00:00:00"),
        Some(due::When::DateTime(time)) => time.local_time.clone(),
        None => "9".to_owned(),
    }
}

fn compare(key: Key, a: &wire::Todo, b: &wire::Todo) -> Ordering {
    let nanos = |time: &Option<Timestamp>| time.as_ref().map(|time| (time.seconds, time.nanos));
    let list = |todo: &wire::Todo| todo.name.split("/todos/").next().unwrap().to_owned();
    let by_key = match key {
        Key::Due => due(a).cmp(&due(b)),
        Key::Priority => ((a.priority + 9) % 10).cmp(&((b.priority + 9) % 10)),
        Key::CreateTime => nanos(&a.create_time).cmp(&nanos(&b.create_time)),
        Key::UpdateTime => nanos(&a.update_time).cmp(&nanos(&b.update_time)),
        Key::Position | Key::Unspecified => list(a).cmp(&list(b)).then(a.position.cmp(&b.position)),
    };
    by_key.then(a.name.cmp(&b.name))
}

#[tokio::test]
async fn in_every_order_and_both_ways_a_walk_meets_every_todo_once() {
    let world = World::new().await;
    let mut alice = furnished(&world).await;
    for parent in ["lists/inbox", "lists/-"] {
        let mut expected = list(&mut alice, all(parent)).await.unwrap().todos;
        assert!(expected.len() > 10);
        for key in [Key::Unspecified, Key::Position, Key::Due, Key::Priority, Key::CreateTime, Key::UpdateTime] {
            expected.sort_by(|a, b| compare(key, a, b));
            for descending in [false, true] {
                for page_size in [1, 7, 1000] {
                    let order = Some(TodoOrder { key: key.into(), descending });
                    let met = walk(&mut alice, ListTodosRequest { order, page_size, ..all(parent) }).await;
                    assert!(met == expected, "{parent} {key:?} {descending} {page_size}");
                }
                expected.reverse();
            }
        }
    }
}

#[tokio::test]
async fn a_filter_admits_what_keeps_to_all_that_it_says() {
    let world = World::new().await;
    let mut alice = furnished(&world).await;
    let everything = list(&mut alice, all("lists/-")).await.unwrap().todos;
    let changed_since = everything[30].update_time;
    let day = |todo: &wire::Todo| due(todo).split('T').next().unwrap().to_owned();
    let has = |todo: &wire::Todo, label: &str| todo.labels.iter().any(|of| of == label);
    let cases: Vec<(TodoFilter, Admits<'_>)> = vec![
        (TodoFilter::default(), Box::new(|_| true)),
        (TodoFilter { state: State::Open.into(), ..Default::default() }, Box::new(|todo| todo.state() == State::Open)),
        (
            TodoFilter { state: State::Completed.into(), ..Default::default() },
            Box::new(|todo| todo.state() == State::Completed),
        ),
        (
            TodoFilter { due_from: "2026-12-03".into(), ..Default::default() },
            Box::new(|todo| todo.due.is_some() && *day(todo) >= *"2026-12-03"),
        ),
        (
            TodoFilter { due_until: "2026-12-03".into(), ..Default::default() },
            Box::new(|todo| todo.due.is_some() && *day(todo) <= *"2026-12-03"),
        ),
        (
            TodoFilter { due_from: "2026-12-02".into(), due_until: "2026-12-02".into(), ..Default::default() },
            Box::new(|todo| day(todo) == "2026-12-02"),
        ),
        (TodoFilter { priorities: vec![0, 2], ..Default::default() }, Box::new(|todo| [0, 2].contains(&todo.priority))),
        (
            TodoFilter { labels: vec!["work".into(), "home".into()], ..Default::default() },
            Box::new(|todo| has(todo, "work") && has(todo, "home")),
        ),
        (
            TodoFilter { text: "MILK".into(), ..Default::default() },
            Box::new(|todo| todo.title.to_lowercase().contains("milk")),
        ),
        (TodoFilter { text: "%".into(), ..Default::default() }, Box::new(|_| false)),
        (
            TodoFilter { changed_since, ..Default::default() },
            Box::new(|todo| {
                let nanos = |time: Option<Timestamp>| time.map(|time| (time.seconds, time.nanos));
                nanos(todo.update_time) >= nanos(changed_since)
            }),
        ),
        (
            TodoFilter { state: State::Open.into(), priorities: vec![1], text: "tea".into(), ..Default::default() },
            Box::new(|todo| todo.state() == State::Open && todo.priority == 1 && todo.title == "tea"),
        ),
    ];
    for (filter, admits) in cases {
        let expected: Vec<_> = everything.iter().filter(|todo| admits(todo)).cloned().collect();
        let request = ListTodosRequest { filter: Some(filter.clone()), page_size: 4, ..all("lists/-") };
        assert!(walk(&mut alice, request).await == expected, "{filter:?}");
    }
}

#[tokio::test]
async fn deleted_todos_come_where_they_are_asked_for_and_what_went_elsewhere_does_not() {
    let world = World::new().await;
    let mut alice = world.user();
    let other = alice.list("Other").await;
    let (kept, deleted, moved) = (
        alice.todo("lists/inbox", "kept").await,
        alice.todo("lists/inbox", "deleted").await,
        alice.todo("lists/inbox", "moved").await,
    );
    alice.delete(&deleted.name, "").await.unwrap();
    let request = wire::MoveTodoRequest { name: moved.name, destination: other.name, ..Default::default() };
    alice.todos.move_todo(request).await.unwrap();
    for key in [Key::Position, Key::Due, Key::UpdateTime] {
        let order = Some(TodoOrder { key: key.into(), descending: false });
        let request = ListTodosRequest { order, show_deleted: true, page_size: 1, ..all("lists/inbox") };
        let mut names: Vec<_> = walk(&mut alice, request).await.into_iter().map(|todo| todo.name).collect();
        names.sort();
        let mut expected = [kept.name.clone(), deleted.name.clone()];
        expected.sort();
        assert_eq!(names, expected, "{key:?}");
    }
    assert_eq!(list(&mut alice, all("lists/inbox")).await.unwrap().todos, [kept]);
}

#[tokio::test]
async fn a_page_token_serves_the_same_filter_and_order_alone() {
    let world = World::new().await;
    let mut alice = furnished(&world).await;
    let filter = Some(TodoFilter { text: "milk".into(), ..Default::default() });
    let order = Some(TodoOrder { key: Key::Due.into(), descending: false });
    let first = ListTodosRequest { filter, order, page_size: 2, ..all("lists/-") };
    let page_token = list(&mut alice, first.clone()).await.unwrap().next_page_token;
    let second = ListTodosRequest { page_token, ..first };
    list(&mut alice, ListTodosRequest { page_size: 5, ..second.clone() }).await.expect("another size");
    for other in [
        ListTodosRequest { filter: None, ..second.clone() },
        ListTodosRequest { filter: Some(TodoFilter { text: "tea".into(), ..Default::default() }), ..second.clone() },
        ListTodosRequest { order: None, ..second.clone() },
        ListTodosRequest { order: Some(TodoOrder { key: Key::Due.into(), descending: true }), ..second.clone() },
        ListTodosRequest { show_deleted: true, ..second.clone() },
        ListTodosRequest { parent: "lists/inbox".into(), ..second },
    ] {
        let refused = list(&mut alice, other.clone()).await.unwrap_err();
        assert_eq!(why(&refused), (Code::InvalidArgument, "PAGE_TOKEN_INVALID".into()), "{other:?}");
    }
}

#[tokio::test]
async fn from_the_sync_token_of_the_last_page_a_watch_goes_on_without_a_gap() {
    let world = World::new().await;
    let mut alice = furnished(&world).await;
    let mut request = ListTodosRequest { page_size: 10, ..all("lists/-") };
    let mut known = BTreeMap::new();
    let token = loop {
        let page = list(&mut alice, request.clone()).await.unwrap();
        known.extend(page.todos.into_iter().map(|todo| (todo.name.clone(), todo)));
        if page.next_page_token.is_empty() {
            break page.sync_token;
        }
        request.page_token = page.next_page_token;
        // Between two pages one is made, and one that was read changes and comes again, perhaps.
        alice.todo("lists/inbox", "late").await;
        let read = known.keys().next().unwrap().clone();
        alice.delete(&read, "").await.unwrap();
        known.remove(&read);
    };
    let mut watching = alice.watch("lists/-", &token).await.unwrap();
    loop {
        match watching.message().await.unwrap() {
            Content::Bookmark(_) => break,
            Content::Changes(wire::Changes { changes }) => {
                for change in changes {
                    let Some(wire::change::Change::Todo(todo)) = change.change else { panic!("{change:?}") };
                    known.remove(&todo.name);
                    if todo.delete_time.is_none() {
                        known.insert(todo.name.clone(), todo);
                    }
                }
            }
            other => panic!("{other:?}"),
        }
    }
    let now = list(&mut alice, all("lists/-")).await.unwrap().todos;
    assert!(now.len() > 50);
    assert_eq!(now.into_iter().map(|todo| (todo.name.clone(), todo)).collect::<BTreeMap<_, _>>(), known);
}
