//! Batches, as calls that wait together will be sent: each element succeeds or fails alone.

use sqlx::AssertSqlSafe;
use todo_service::fingerprint::Fingerprint;
use todo_service::list::ListId;
use todo_service::revision::{Etag, Revision};
use todo_service::store::todos::{self, Changed, Created};
use todo_service::todo::{Action, Change, Completion, Content, NewTodo, TodoKey};
use uuid::Uuid;

use crate::support::World;
use crate::support::world::User;

const MAX: u32 = 100;

fn new_todo(world: &World, user: &User, title: &str) -> NewTodo {
    NewTodo {
        creator: user.id,
        key: TodoKey { list: ListId::inbox_of(user.id), id: world.id() },
        request: None,
        fingerprint: Fingerprint::new(user.id, &[(2, title.as_bytes())]),
        content: Content::titled(title.parse().unwrap()),
        complete_time: None,
        icalendar: None,
    }
}

async fn world_with_inboxes() -> (World, User, User) {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    for user in [&mut alice, &mut bob] {
        user.get_list("lists/inbox").await.unwrap();
    }
    (world, alice, bob)
}

fn complete() -> Action {
    Action::Complete(Completion::new(Uuid::nil()))
}

fn change(user: &User, key: TodoKey, action: Action) -> Change {
    Change { user: user.id, key, expected: None, action }
}

/// The revision that an element got.
fn created_at(answer: &Created) -> i64 {
    let Created::Todo(todo) = answer else { panic!("{answer:?}") };
    todo.revision.count()
}

#[tokio::test]
async fn a_batch_over_several_lists_answers_each_element_in_its_place() {
    let (world, alice, bob) = world_with_inboxes().await;
    let intruder = NewTodo { creator: bob.id, ..new_todo(&world, &alice, "intruder") };
    let nowhere = NewTodo {
        key: TodoKey { list: ListId::new(world.id()), id: world.id() },
        ..new_todo(&world, &alice, "nowhere")
    };
    let batch = [
        new_todo(&world, &alice, "one"),
        intruder,
        new_todo(&world, &bob, "his"),
        nowhere,
        new_todo(&world, &alice, "two"),
    ];
    let answers = todos::create(&world.database, &batch, MAX).await.unwrap();
    assert_eq!((created_at(&answers[0]), created_at(&answers[4])), (1, 2), "stamps in the order of the batch");
    assert_eq!(created_at(&answers[2]), 1);
    assert_eq!((&answers[1], &answers[3]), (&Created::NotFound, &Created::NotFound));

    let keys = [(alice.id, batch[4].key), (bob.id, batch[4].key), (bob.id, batch[2].key), (alice.id, batch[0].key)];
    let found = todos::get(&world.database, &keys).await.unwrap();
    let titles: Vec<_> = found.iter().map(|todo| todo.as_ref().map(|todo| todo.title.as_str())).collect();
    assert_eq!(titles, [Some("two"), None, Some("his"), Some("one")]);
}

#[tokio::test]
async fn an_empty_batch_has_no_answers() {
    let world = World::new().await;
    assert_eq!(todos::create(&world.database, &[], MAX).await.unwrap(), []);
    assert_eq!(todos::change(&world.database, &[], MAX).await.unwrap(), []);
    assert_eq!(todos::get(&world.database, &[]).await.unwrap(), []);
}

#[tokio::test]
async fn the_second_of_two_twins_is_to_be_asked_again() {
    let (world, alice, _) = world_with_inboxes().await;
    let request = Some(world.id());
    let first = NewTodo { request, ..new_todo(&world, &alice, "twin") };
    let same_request = NewTodo { request, ..new_todo(&world, &alice, "twin") };
    let same_id = NewTodo { request: None, ..first.clone() };
    let answers = todos::create(&world.database, &[first.clone(), same_request.clone(), same_id], MAX).await.unwrap();
    assert_eq!(created_at(&answers[0]), 1);
    assert_eq!(answers[1..], [Created::Again, Created::Again]);
    let answers = todos::create(&world.database, &[same_request], MAX).await.unwrap();
    let Created::Repeated(todo) = &answers[0] else { panic!("{answers:?}") };
    assert_eq!(todo.key, first.key);
}

#[tokio::test]
async fn one_todo_changes_once_in_a_batch() {
    let (world, alice, _) = world_with_inboxes().await;
    let todo = new_todo(&world, &alice, "milk");
    todos::create(&world.database, std::slice::from_ref(&todo), MAX).await.unwrap();
    let batch = [change(&alice, todo.key, complete()), change(&alice, todo.key, Action::Delete)];
    let answers = todos::change(&world.database, &batch, MAX).await.unwrap();
    assert!(matches!(&answers[0], Changed::Todo(todo) if todo.revision.count() == 2), "{answers:?}");
    assert_eq!(answers[1], Changed::Again);
}

#[tokio::test]
async fn a_mismatch_tells_the_present_version_and_uses_up_none() {
    let (world, alice, _) = world_with_inboxes().await;
    let batch = [new_todo(&world, &alice, "one"), new_todo(&world, &alice, "two"), new_todo(&world, &alice, "three")];
    todos::create(&world.database, &batch, MAX).await.unwrap();
    let [one, two, three] = batch.map(|todo| todo.key);
    let stale = Some(Etag::from(Revision::new(3)));
    let changes = [
        change(&alice, one, complete()),
        Change { expected: stale, ..change(&alice, two, complete()) },
        change(&alice, three, Action::Reopen),
        change(&alice, TodoKey { id: Uuid::max(), ..one }, complete()),
        Change { expected: stale, ..change(&alice, three, complete()) },
    ];
    // Two batches, because the third todo is in it twice.
    let answers = todos::change(&world.database, &changes[..4], MAX).await.unwrap();
    assert!(matches!(&answers[0], Changed::Todo(todo) if todo.revision.count() == 4), "{answers:?}");
    assert_eq!(answers[1], Changed::Mismatch(Revision::new(2)));
    assert!(matches!(&answers[2], Changed::Todo(todo) if todo.revision.count() == 3), "nothing to do: {answers:?}");
    assert_eq!(answers[3], Changed::NotFound);
    let answers = todos::change(&world.database, &changes[4..], MAX).await.unwrap();
    assert!(matches!(&answers[0], Changed::Todo(todo) if todo.revision.count() == 5), "no gap: {answers:?}");
}

#[tokio::test]
async fn the_last_places_of_a_list_go_to_the_first_of_a_batch() {
    let (world, alice, bob) = world_with_inboxes().await;
    let mut batch: Vec<_> = (0..5).map(|n| new_todo(&world, &alice, &format!("todo {n}"))).collect();
    batch.insert(1, new_todo(&world, &bob, "his"));
    let answers = todos::create(&world.database, &batch, 3).await.unwrap();
    let made: Vec<_> = answers.iter().map(|answer| matches!(answer, Created::Todo(_))).collect();
    assert_eq!(made, [true, true, true, true, false, false]);
    assert_eq!(answers[4..], [Created::Quota, Created::Quota]);
}

/// A batch of one with `{field}` for the SQL of what it says; `$1` is the user, `$2` the list and `$3` the todo.
const CREATE: &str = "SELECT outcome FROM todo.create_todos(ARRAY[$1], ARRAY[$2], ARRAY[$3], ARRAY[NULL::uuid],
    ARRAY[{hash}]::bytea[], ARRAY[{title}], ARRAY[{notes}], ARRAY[{priority}]::smallint[], ARRAY[{labels}], ARRAY[{due}]::timestamp[],
    ARRAY[{zone}]::text[], ARRAY[{recurrence}]::text[], ARRAY[NULL::uuid], ARRAY[NULL::uuid], ARRAY[NULL::timestamptz],
    ARRAY[{icalendar}]::text[], 100)";
const CHANGE: &str = "SELECT outcome FROM todo.change_todos(ARRAY[$1], ARRAY[$2], ARRAY[$3], ARRAY[{action}],
    ARRAY[NULL::bigint], ARRAY[127], ARRAY[{title}], ARRAY[{notes}], ARRAY[{priority}]::smallint[], ARRAY[{labels}],
    ARRAY[{due}]::timestamp[], ARRAY[{zone}]::text[], ARRAY[{recurrence}]::text[], ARRAY[NULL::uuid], ARRAY[NULL::uuid],
    '{}', '{}', '{}', '{}', '30 days', 100)";
/// What fits.
const SAID: [(&str, &str); 10] = [
    ("hash", "sha256('')"),
    ("action", "'edit'"),
    ("title", "'other'"),
    ("notes", "''"),
    ("priority", "0"),
    ("labels", "''"),
    ("due", "NULL"),
    ("zone", "NULL"),
    ("recurrence", "NULL"),
    ("icalendar", "NULL"),
];

/// The outcome of a statement that says something else of these fields.
async fn outcome(world: &World, user: &User, todo: Uuid, statement: &str, otherwise: &[(&str, &str)]) -> String {
    let fill = |statement: String, (name, value): &(&str, &str)| statement.replace(&format!("{{{name}}}"), value);
    let statement = otherwise.iter().chain(&SAID).fold(statement.to_owned(), fill);
    let query = sqlx::query_scalar(AssertSqlSafe(statement)).bind(user.id).bind(ListId::inbox_of(user.id).uuid());
    query.bind(todo).fetch_one(&mut world.connection().await).await.unwrap()
}

#[tokio::test]
async fn what_a_check_would_refuse_does_not_take_the_batch_with_it() {
    let (world, alice, _) = world_with_inboxes().await;
    let todo = new_todo(&world, &alice, "milk");
    todos::create(&world.database, std::slice::from_ref(&todo), MAX).await.unwrap();
    let due = ("due", "'2026-12-24'");
    let both: [&[(&str, &str)]; 12] = [
        &[("title", "''")],
        &[("title", "repeat('ж', 501)")],
        &[("notes", "repeat('ж', 10001)")],
        &[("priority", "-1")],
        &[("priority", "10")],
        &[("labels", "repeat(E'x\\x1f', 20)")],
        &[("zone", "'Europe/Berlin'")],
        &[("due", "'2026-12-24 18:30'")],
        &[due, ("zone", "''")],
        &[due, ("zone", "repeat('x', 65)")],
        &[due, ("recurrence", "''")],
        &[due, ("recurrence", "repeat('x', 201)")],
    ];
    for otherwise in both {
        for (statement, id) in [(CREATE, world.id()), (CHANGE, todo.key.id)] {
            assert_eq!(outcome(&world, &alice, id, statement, otherwise).await, "invalid", "{otherwise:?}");
        }
    }
    for otherwise in [("hash", "''"), ("recurrence", "'FREQ=DAILY'"), ("icalendar", "repeat('x', 16385)")] {
        assert_eq!(outcome(&world, &alice, world.id(), CREATE, &[otherwise]).await, "invalid", "{otherwise:?}");
    }
    assert_eq!(outcome(&world, &alice, todo.key.id, CHANGE, &[("action", "'paint'")]).await, "invalid");
    assert_eq!(outcome(&world, &alice, world.id(), CREATE, &[]).await, "done");
    assert_eq!(outcome(&world, &alice, todo.key.id, CHANGE, &[]).await, "done");
    assert_eq!(outcome(&world, &alice, todo.key.id, CHANGE, &[]).await, "unchanged");
}
