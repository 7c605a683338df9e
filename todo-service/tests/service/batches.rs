//! Batches, as calls that wait together will be sent: each element succeeds or fails alone.

use todo_service::fingerprint::Fingerprint;
use todo_service::list::ListId;
use todo_service::revision::{Etag, Revision};
use todo_service::store::todos::{self, Changed, Created};
use todo_service::todo::{Action, Change, NewTodo, TodoKey};
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
        title: title.parse().unwrap(),
        notes: "".parse().unwrap(),
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
    assert_eq!(todos::change(&world.database, &[]).await.unwrap(), []);
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
    let Created::Todo(todo) = &answers[0] else { panic!("{answers:?}") };
    assert_eq!(todo.key, first.key);
}

#[tokio::test]
async fn one_todo_changes_once_in_a_batch() {
    let (world, alice, _) = world_with_inboxes().await;
    let todo = new_todo(&world, &alice, "milk");
    todos::create(&world.database, std::slice::from_ref(&todo), MAX).await.unwrap();
    let batch = [change(&alice, todo.key, Action::Complete), change(&alice, todo.key, Action::Delete)];
    let answers = todos::change(&world.database, &batch).await.unwrap();
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
        change(&alice, one, Action::Complete),
        Change { expected: stale, ..change(&alice, two, Action::Complete) },
        change(&alice, three, Action::Reopen),
        change(&alice, TodoKey { id: Uuid::max(), ..one }, Action::Complete),
        Change { expected: stale, ..change(&alice, three, Action::Complete) },
    ];
    // Two batches, because the third todo is in it twice.
    let answers = todos::change(&world.database, &changes[..4]).await.unwrap();
    assert!(matches!(&answers[0], Changed::Todo(todo) if todo.revision.count() == 4), "{answers:?}");
    assert_eq!(answers[1], Changed::Mismatch(Revision::new(2)));
    assert!(matches!(&answers[2], Changed::Todo(todo) if todo.revision.count() == 3), "nothing to do: {answers:?}");
    assert_eq!(answers[3], Changed::NotFound);
    let answers = todos::change(&world.database, &changes[4..]).await.unwrap();
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

#[tokio::test]
async fn what_a_check_would_refuse_does_not_take_the_batch_with_it() {
    let (world, alice, _) = world_with_inboxes().await;
    let inbox = ListId::inbox_of(alice.id).uuid();
    let mut connection = world.connection().await;
    let create = "SELECT array_agg(outcome ORDER BY ord) FROM todo.create_todos(array_fill($1::uuid, ARRAY[5]),
        array_fill($2::uuid, ARRAY[5]), ARRAY[gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), $3],
        array_fill(NULL::uuid, ARRAY[5]), ARRAY[sha256(''), sha256(''), sha256(''), '', sha256('')],
        ARRAY['', repeat('ж', 501), 'title', 'title', 'title'], ARRAY['', '', repeat('ж', 10001), '', ''], 100)";
    let todo = world.id();
    let outcomes: Vec<String> =
        sqlx::query_scalar(create).bind(alice.id).bind(inbox).bind(todo).fetch_one(&mut connection).await.unwrap();
    assert_eq!(outcomes, ["invalid", "invalid", "invalid", "invalid", "done"]);

    let change =
        "SELECT array_agg(outcome ORDER BY ord) FROM todo.change_todos(ARRAY[$1], ARRAY[$2], ARRAY[$3], ARRAY[$4],
        ARRAY[NULL::bigint], ARRAY[$5], ARRAY[$6], '30 days')";
    let long = "ж".repeat(10_001);
    for (action, title, notes, outcome) in [
        ("edit", Some(""), None, "invalid"),
        ("edit", Some(long.as_str()), None, "invalid"),
        ("edit", None, Some(long.as_str()), "invalid"),
        ("paint", Some("title"), None, "invalid"),
        ("edit", Some("other"), Some("notes"), "done"),
        ("edit", None, None, "unchanged"),
    ] {
        let outcomes: Vec<String> = sqlx::query_scalar(change)
            .bind(alice.id)
            .bind(inbox)
            .bind(todo)
            .bind(action)
            .bind(title)
            .bind(notes)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(outcomes, [outcome], "{action}");
    }
}
