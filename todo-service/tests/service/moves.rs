//! MoveTodo: the order that people make.

use proptest::prelude::*;
use proto::todo::v1 as wire;
use tonic::{Code, Status};

use crate::support::world::{User, World, create, metadata, violations, why};

async fn relocate(user: &mut User, request: wire::MoveTodoRequest) -> Result<wire::Todo, Status> {
    user.todos.move_todo(request).await.map(tonic::Response::into_inner)
}

fn to_end(name: &str) -> wire::MoveTodoRequest {
    wire::MoveTodoRequest { name: name.to_owned(), ..Default::default() }
}

fn before(name: &str, anchor: &str) -> wire::MoveTodoRequest {
    wire::MoveTodoRequest { before: anchor.to_owned(), ..to_end(name) }
}

fn after(name: &str, anchor: &str) -> wire::MoveTodoRequest {
    wire::MoveTodoRequest { after: anchor.to_owned(), ..to_end(name) }
}

fn to_list(name: &str, list: &str) -> wire::MoveTodoRequest {
    wire::MoveTodoRequest { destination: list.to_owned(), ..to_end(name) }
}

/// The todos of a list, in order.
async fn order(user: &mut User, list: &str) -> Vec<wire::Todo> {
    user.page(list, 1000, "").await.unwrap().todos
}

async fn titles(user: &mut User, list: &str) -> String {
    order(user, list).await.into_iter().map(|todo| todo.title).collect()
}

/// A user whose inbox has these todos, in this order.
async fn inbox(world: &World, titles: &str) -> (User, Vec<wire::Todo>) {
    let mut user = world.user();
    let mut todos = Vec::new();
    for title in titles.chars() {
        todos.push(user.todo("lists/inbox", &title.to_string()).await);
    }
    (user, todos)
}

async fn child(user: &mut User, parent: &wire::Todo, title: &str) -> wire::Todo {
    let mut request = create(parent.name.split_once("/todos/").unwrap().0, title);
    request.todo.as_mut().unwrap().parent_todo.clone_from(&parent.name);
    user.create(request).await.unwrap()
}

#[tokio::test]
async fn a_todo_goes_where_it_is_put_and_the_others_stay_as_they_are() {
    let world = World::new().await;
    let (mut alice, todos) = inbox(&world, "abcd").await;
    let [a, b, c, d] = [0, 1, 2, 3].map(|at: usize| todos[at].name.as_str());
    for (request, expected) in [
        (before(d, a), "dabc"),
        (after(d, b), "abdc"),
        (before(a, c), "bdac"),
        (to_end(b), "dacb"),
        (after(d, b), "acbd"),
        (before(c, a), "cabd"),
    ] {
        let kept = order(&mut alice, "lists/inbox").await;
        let moved = relocate(&mut alice, request.clone()).await.unwrap();
        assert_eq!(titles(&mut alice, "lists/inbox").await, expected, "{request:?}");
        let now = order(&mut alice, "lists/inbox").await;
        assert_eq!(now.iter().filter(|todo| kept.contains(todo)).count(), 3, "one has changed");
        assert!(now.contains(&moved));
    }
}

#[tokio::test]
async fn a_todo_that_stands_there_already_keeps_its_version() {
    let world = World::new().await;
    let (mut alice, todos) = inbox(&world, "abc").await;
    let [a, b, c] = [0, 1, 2].map(|at: usize| todos[at].name.as_str());
    for request in [before(b, c), after(b, a), to_end(c), before(a, b)] {
        let moved = relocate(&mut alice, request.clone()).await.unwrap();
        assert!(todos.contains(&moved), "{request:?}");
    }
}

#[tokio::test]
async fn three_hundred_moves_into_one_gap_keep_the_order_and_the_length_of_positions() {
    let world = World::new().await;
    let (mut alice, todos) = inbox(&world, "abcd").await;
    let mut renumbered = 0;
    for turn in 0..300 {
        let (moved, anchor) = if turn % 2 == 0 { (&todos[1], &todos[2]) } else { (&todos[2], &todos[1]) };
        let kept = order(&mut alice, "lists/inbox").await;
        relocate(&mut alice, before(&moved.name, &anchor.name)).await.unwrap();
        let now = order(&mut alice, "lists/inbox").await;
        renumbered += usize::from(now.iter().filter(|todo| kept.contains(todo)).count() < 3);
        assert!(now.iter().all(|todo| (16..=64).contains(&todo.position.len())), "{now:?}");
        let expected = if turn % 2 == 0 { "abcd" } else { "acbd" };
        assert_eq!(titles(&mut alice, "lists/inbox").await, expected);
    }
    assert!((1..=2).contains(&renumbered), "the others were given new positions {renumbered} times");
}

#[tokio::test]
async fn a_parent_goes_to_another_list_with_its_children_and_back() {
    let world = World::new().await;
    let (mut alice, todos) = inbox(&world, "ab").await;
    let list = alice.list("Other").await;
    alice.todo(&list.name, "x").await;
    let (first, second) = (child(&mut alice, &todos[0], "1").await, child(&mut alice, &todos[0], "2").await);
    let moved = relocate(&mut alice, to_list(&todos[0].name, &list.name)).await.unwrap();
    assert_eq!(moved.name, todos[0].name.replace(todos[0].name.split("/todos/").next().unwrap(), &list.name));
    assert_eq!(titles(&mut alice, "lists/inbox").await, "b");
    assert_eq!(titles(&mut alice, &list.name).await, "xa12");
    let children = order(&mut alice, &list.name).await.split_off(2);
    assert!(children.iter().all(|child| child.parent_todo == moved.name), "{children:?}");
    for gone in [&todos[0], &first, &second] {
        assert_eq!(why(&alice.get(&gone.name).await.unwrap_err()), (Code::NotFound, "NOT_FOUND".into()));
    }
    let counts = [alice.get_list("lists/inbox").await.unwrap(), alice.get_list(&list.name).await.unwrap()];
    assert_eq!(counts.map(|list| list.todo_count), [1, 4]);

    let request = wire::MoveTodoRequest { before: todos[1].name.clone(), ..to_end(&moved.name) };
    let back = relocate(&mut alice, request).await.unwrap();
    assert_eq!(back.name, todos[0].name);
    assert_eq!(titles(&mut alice, "lists/inbox").await, "ab12");
    assert_eq!(titles(&mut alice, &list.name).await, "x");
}

#[tokio::test]
async fn a_child_that_goes_to_another_list_leaves_its_parent() {
    let world = World::new().await;
    let (mut alice, todos) = inbox(&world, "a").await;
    let list = alice.list("Other").await;
    let child = child(&mut alice, &todos[0], "1").await;
    let moved = relocate(&mut alice, to_list(&child.name, &list.name)).await.unwrap();
    assert_eq!(moved.parent_todo, "");
    assert_eq!(titles(&mut alice, "lists/inbox").await, "a");
}

#[tokio::test]
async fn a_repeated_move_to_another_list_returns_the_todo() {
    let world = World::new().await;
    let (mut alice, todos) = inbox(&world, "a").await;
    let list = alice.list("Other").await;
    let request = to_list(&todos[0].name, &list.name);
    let moved = relocate(&mut alice, request.clone()).await.unwrap();
    assert_eq!(relocate(&mut alice, request.clone()).await.unwrap(), moved);
    alice.delete(&moved.name, "").await.unwrap();
    assert_eq!(why(&relocate(&mut alice, request).await.unwrap_err()).0, Code::NotFound);
}

#[tokio::test]
async fn a_late_repeat_of_a_create_finds_the_todo_where_it_went() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Other").await;
    let request = wire::CreateTodoRequest { request_id: world.id().to_string(), ..create("lists/inbox", "a") };
    let made = alice.create(request.clone()).await.unwrap();
    let moved = relocate(&mut alice, to_list(&made.name, &list.name)).await.unwrap();
    assert_eq!(alice.create(request).await.unwrap(), moved);
    assert_eq!(titles(&mut alice, "lists/inbox").await, "");
}

#[tokio::test]
async fn what_a_move_needs_must_be_there() {
    let world = World::new().await;
    let (mut alice, todos) = inbox(&world, "ab").await;
    let list = alice.list("Other").await;
    let mut bob = world.user();
    let (his_list, his) = (bob.list("His").await, bob.todo("lists/inbox", "his").await);
    let elsewhere = alice.todo(&list.name, "x").await;
    let deleted = alice.todo("lists/inbox", "deleted").await;
    alice.delete(&deleted.name, "").await.unwrap();
    let name = &todos[0].name;
    for (request, resource) in [
        (to_end(&his.name), &his.name),
        (to_end(&deleted.name), &deleted.name),
        (before(name, &his.name), &his.name),
        (after(name, &deleted.name), &deleted.name),
        (before(name, name), name),
        (to_list(name, &his_list.name), &his_list.name),
    ] {
        let refused = relocate(&mut alice, request.clone()).await.unwrap_err();
        assert_eq!(why(&refused), (Code::NotFound, "NOT_FOUND".into()), "{request:?}");
        assert_eq!(&metadata(&refused, "resource"), resource, "{request:?}");
    }
    for (request, path) in [
        (wire::MoveTodoRequest { after: todos[1].name.clone(), ..before(name, &todos[1].name) }, "after"),
        (wire::MoveTodoRequest { destination: "lists/inbox".into(), ..before(name, &elsewhere.name) }, "before"),
    ] {
        assert_eq!(violations(&relocate(&mut alice, request).await.unwrap_err()), [path]);
    }
    assert_eq!(titles(&mut alice, "lists/inbox").await, "ab");
}

#[tokio::test]
async fn a_move_is_of_the_version_that_it_names() {
    let world = World::new().await;
    let (mut alice, todos) = inbox(&world, "ab").await;
    let stale = wire::MoveTodoRequest { etag: todos[1].etag.clone(), ..to_end(&todos[0].name) };
    assert_eq!(why(&relocate(&mut alice, stale).await.unwrap_err()), (Code::Aborted, "ETAG_MISMATCH".into()));
    let present = wire::MoveTodoRequest { etag: todos[0].etag.clone(), ..to_end(&todos[0].name) };
    assert_ne!(relocate(&mut alice, present).await.unwrap().etag, todos[0].etag);
}

#[tokio::test]
async fn a_full_list_and_one_with_such_an_id_take_no_todo() {
    let world = World::with(|limits| limits.todos_per_list = 2).await;
    let (mut alice, todos) = inbox(&world, "ab").await;
    let list = alice.list("Other").await;
    let id = todos[0].name.rsplit('/').next().unwrap();
    let twin = wire::CreateTodoRequest { todo_id: id.into(), ..create(&list.name, "twin") };
    alice.create(twin).await.unwrap();
    let taken = relocate(&mut alice, to_list(&todos[0].name, &list.name)).await.unwrap_err();
    assert_eq!(why(&taken), (Code::AlreadyExists, "ID_TAKEN".into()));
    alice.todo(&list.name, "x").await;
    let full = relocate(&mut alice, to_list(&todos[1].name, &list.name)).await.unwrap_err();
    assert_eq!(why(&full), (Code::ResourceExhausted, "QUOTA_EXCEEDED".into()));
    assert_eq!(titles(&mut alice, "lists/inbox").await, "ab");
}

/// Which of the todos goes next to which, or to the end.
#[derive(Clone, Copy, Debug)]
enum Step {
    Before(usize, usize),
    After(usize, usize),
    End(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pair = (0..6_usize, 0..6_usize).prop_filter("not beside itself", |(moved, anchor)| moved != anchor);
    let step = prop_oneof![
        pair.clone().prop_map(|(moved, anchor)| Step::Before(moved, anchor)),
        pair.prop_map(|(moved, anchor)| Step::After(moved, anchor)),
        (0..6_usize).prop_map(Step::End),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn any_moves_leave_the_order_that_the_same_moves_make_in_a_vector(steps in steps()) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let world = World::new().await;
            let (mut alice, todos) = inbox(&world, "abcdef").await;
            let mut model: Vec<usize> = (0..6).collect();
            for step in steps {
                let (moved, anchor) = match step {
                    Step::Before(moved, anchor) | Step::After(moved, anchor) => (moved, Some(anchor)),
                    Step::End(moved) => (moved, None),
                };
                model.retain(|todo| *todo != moved);
                let at = anchor.and_then(|anchor| model.iter().position(|todo| *todo == anchor));
                let (at, request) = match step {
                    Step::Before(_, anchor) => (at.unwrap(), before(&todos[moved].name, &todos[anchor].name)),
                    Step::After(_, anchor) => (at.unwrap() + 1, after(&todos[moved].name, &todos[anchor].name)),
                    Step::End(_) => (model.len(), to_end(&todos[moved].name)),
                };
                model.insert(at, moved);
                relocate(&mut alice, request).await.unwrap();
                let expected: String = model.iter().map(|todo| todos[*todo].title.as_str()).collect();
                assert_eq!(titles(&mut alice, "lists/inbox").await, expected);
            }
        });
    }
}

#[tokio::test]
async fn who_follows_the_list_is_told_that_a_todo_has_left_it_and_who_follows_the_other_that_it_came() {
    let world = World::new().await;
    let (mut alice, todos) = inbox(&world, "ab").await;
    let list = alice.list("Other").await;
    let (mut here, mut there) = (alice.watch_from_now("lists/inbox").await, alice.watch_from_now(&list.name).await);
    let moved = relocate(&mut alice, to_list(&todos[0].name, &list.name)).await.unwrap();
    assert_eq!((here.next().await, there.next().await), ("removed".to_owned(), "a".to_owned()));
    relocate(&mut alice, to_list(&moved.name, "lists/inbox")).await.unwrap();
    assert_eq!((here.next().await, there.next().await), ("a".to_owned(), "removed".to_owned()));
}

#[tokio::test]
async fn what_went_back_is_known_by_the_request_that_made_it() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = alice.list("Other").await;
    let request = wire::CreateTodoRequest { request_id: world.id().to_string(), ..create("lists/inbox", "a") };
    let made = alice.create(request.clone()).await.unwrap();
    let moved = relocate(&mut alice, to_list(&made.name, &list.name)).await.unwrap();
    let back = relocate(&mut alice, to_list(&moved.name, "lists/inbox")).await.unwrap();
    assert_eq!(alice.create(request).await.unwrap(), back);
}
