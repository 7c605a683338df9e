//! What completing or deleting a todo does to others: its parts, and its next occurrence.

use proto::todo::v1 as wire;
use proto::todo::v1::due::When;
use proto::todo::v1::todo::State;
use tonic::Code;

use crate::support::world::{User, World, create, metadata, why};

fn on(day: &str) -> wire::Due {
    wire::Due { when: Some(When::Date(day.into())) }
}

async fn recurring(user: &mut User, parent: &str, recurrence: &str) -> wire::Todo {
    let mut request = create(parent, "water the plants");
    let todo = request.todo.as_mut().unwrap();
    todo.notes = "all of them".into();
    todo.priority = 2;
    todo.labels = vec!["home".into()];
    (todo.due, todo.recurrence) = (Some(on("2026-12-24")), recurrence.into());
    user.create(request).await.unwrap()
}

async fn part_of(user: &mut User, parent: &wire::Todo, title: &str) -> wire::Todo {
    let mut request = create(parent.name.split_once("/todos/").unwrap().0, title);
    request.todo.as_mut().unwrap().parent_todo.clone_from(&parent.name);
    user.create(request).await.unwrap()
}

async fn all(user: &mut User) -> Vec<wire::Todo> {
    user.page("lists/inbox", 0, "").await.unwrap().todos
}

#[tokio::test]
async fn completing_what_recurs_makes_the_next_of_it() {
    let world = World::new().await;
    let mut alice = world.user();
    let first = recurring(&mut alice, "lists/inbox", "FREQ=WEEKLY;COUNT=3").await;
    let done = alice.complete(&first.name, "").await.unwrap();
    assert_eq!((done.state(), done.recurrence.as_str()), (State::Completed, ""));
    assert_eq!(done.due, first.due);
    let next = alice.get(&done.next_occurrence).await.unwrap();
    assert_eq!((next.state(), next.recurrence.as_str()), (State::Open, "FREQ=WEEKLY;COUNT=2"));
    assert_eq!(next.due, Some(on("2026-12-31")));
    let kept = |todo: &wire::Todo| {
        (todo.title.clone(), todo.notes.clone(), todo.priority, todo.labels.clone(), todo.position.clone())
    };
    assert_eq!(kept(&next), kept(&first));
    assert_eq!(next.creator, first.creator);
    assert_eq!(all(&mut alice).await.len(), 2);
    assert_eq!(alice.get_list("lists/inbox").await.unwrap().todo_count, 2);
}

#[tokio::test]
async fn the_last_of_what_recurs_has_no_next() {
    let world = World::new().await;
    let mut alice = world.user();
    let first = recurring(&mut alice, "lists/inbox", "FREQ=DAILY;COUNT=1").await;
    let done = alice.complete(&first.name, &first.etag).await.unwrap();
    assert_eq!((done.recurrence.as_str(), done.next_occurrence.as_str()), ("", ""));
    assert_eq!(all(&mut alice).await, [done]);
}

#[tokio::test]
async fn completing_again_or_after_reopening_makes_no_second_next() {
    let world = World::new().await;
    let mut alice = world.user();
    let first = recurring(&mut alice, "lists/inbox", "FREQ=DAILY").await;
    let done = alice.complete(&first.name, "").await.unwrap();
    assert_eq!(alice.complete(&first.name, "").await.unwrap(), done, "a retry");
    let reopened = alice.reopen(&first.name, "").await.unwrap();
    assert_eq!(reopened.next_occurrence, done.next_occurrence);
    alice.complete(&first.name, "").await.unwrap();
    assert_eq!(all(&mut alice).await.len(), 2);
}

#[tokio::test]
async fn of_many_who_complete_it_at_once_one_makes_the_next_and_all_are_told_of_it() {
    let world = World::new().await;
    let mut alice = world.user();
    for _ in 0..5 {
        let first = recurring(&mut alice, "lists/inbox", "FREQ=DAILY").await;
        let before = all(&mut alice).await.len();
        let calls = (0..16).map(|_| {
            let (mut alice, name) = (alice.clone(), first.name.clone());
            async move { alice.complete(&name, "").await.unwrap() }
        });
        let answers = futures_util::future::join_all(calls).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert!(!answers[0].next_occurrence.is_empty());
        assert_eq!(all(&mut alice).await.len(), before + 1);
    }
}

#[tokio::test]
async fn the_next_is_computed_from_what_the_todo_says_when_it_is_completed() {
    let world = World::new().await;
    let mut alice = world.user();
    for _ in 0..10 {
        let first = recurring(&mut alice, "lists/inbox", "FREQ=DAILY").await;
        let (mut editor, mut completer) = (alice.clone(), alice.clone());
        let edit = wire::Todo { name: first.name.clone(), due: Some(on("2027-06-01")), ..Default::default() };
        let (edited, done) = tokio::join!(editor.update(edit, None), completer.complete(&first.name, ""));
        let (edited, done) = (edited.unwrap(), done.unwrap());
        let next = alice.get(&done.next_occurrence).await.unwrap();
        let expected = if edited.state() == State::Open { on("2027-06-02") } else { on("2026-12-25") };
        assert_eq!(next.due, Some(expected), "{edited:?}");
    }
}

#[tokio::test]
async fn a_stale_etag_completes_nothing_and_makes_no_next() {
    let world = World::new().await;
    let mut alice = world.user();
    let first = recurring(&mut alice, "lists/inbox", "FREQ=DAILY").await;
    let edit = wire::Todo { title: "water".into(), ..first.clone() };
    let second = alice.update(edit, Some(&["title"])).await.unwrap();
    let refused = alice.complete(&first.name, &first.etag).await.unwrap_err();
    assert_eq!(why(&refused), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(all(&mut alice).await, [second]);
}

#[tokio::test]
async fn without_room_for_the_next_nothing_is_completed() {
    let world = World::with(|limits| limits.todos_per_list = 2).await;
    let mut alice = world.user();
    let first = recurring(&mut alice, "lists/inbox", "FREQ=DAILY").await;
    let other = alice.todo("lists/inbox", "other").await;
    let refused = alice.complete(&first.name, "").await.unwrap_err();
    assert_eq!(why(&refused), (Code::ResourceExhausted, "QUOTA_EXCEEDED".into()));
    assert_eq!(metadata(&refused, "limit"), "2");
    assert_eq!(alice.get(&first.name).await.unwrap(), first);
    alice.delete(&other.name, "").await.unwrap();
    assert!(!alice.complete(&first.name, "").await.unwrap().next_occurrence.is_empty());
}

#[tokio::test]
async fn a_recurrence_that_is_taken_away_makes_no_next() {
    let world = World::new().await;
    let mut alice = world.user();
    let first = recurring(&mut alice, "lists/inbox", "FREQ=DAILY").await;
    let edit = wire::Todo { recurrence: String::new(), ..first };
    let once = alice.update(edit, Some(&["recurrence"])).await.unwrap();
    let done = alice.complete(&once.name, "").await.unwrap();
    assert_eq!(all(&mut alice).await, [done]);
}

#[tokio::test]
async fn completing_a_todo_completes_its_open_parts() {
    let world = World::new().await;
    let mut alice = world.user();
    let party = alice.todo("lists/inbox", "party").await;
    let (cake, drinks) = (part_of(&mut alice, &party, "cake").await, part_of(&mut alice, &party, "drinks").await);
    let other = alice.todo("lists/inbox", "other").await;
    let cake = alice.complete(&cake.name, "").await.unwrap();
    let done = alice.complete(&party.name, "").await.unwrap();
    assert_eq!(done.state(), State::Completed);
    assert_eq!(alice.get(&cake.name).await.unwrap(), cake, "it was done before");
    let drinks = alice.get(&drinks.name).await.unwrap();
    assert_eq!((drinks.state(), drinks.complete_time), (State::Completed, done.complete_time));
    assert_eq!(alice.get(&other.name).await.unwrap(), other);
    let mut etags = vec![done.etag, cake.etag, drinks.etag];
    etags.dedup();
    assert_eq!(etags.len(), 3, "each has a version of its own");
}

#[tokio::test]
async fn reopening_a_todo_reopens_it_alone() {
    let world = World::new().await;
    let mut alice = world.user();
    let party = alice.todo("lists/inbox", "party").await;
    let cake = part_of(&mut alice, &party, "cake").await;
    alice.complete(&party.name, "").await.unwrap();
    alice.reopen(&party.name, "").await.unwrap();
    assert_eq!(alice.get(&cake.name).await.unwrap().state(), State::Completed);
}

#[tokio::test]
async fn deleting_a_todo_deletes_its_parts() {
    let world = World::new().await;
    let mut alice = world.user();
    let party = alice.todo("lists/inbox", "party").await;
    let (cake, drinks) = (part_of(&mut alice, &party, "cake").await, part_of(&mut alice, &party, "drinks").await);
    alice.complete(&cake.name, "").await.unwrap();
    let gone = alice.delete(&drinks.name, "").await.unwrap();
    let deleted = alice.delete(&party.name, "").await.unwrap();
    let cake = alice.get(&cake.name).await.unwrap();
    assert_eq!((cake.delete_time, cake.purge_time), (deleted.delete_time, deleted.purge_time));
    assert_eq!(alice.get(&drinks.name).await.unwrap(), gone, "it was deleted before");
    assert_eq!(all(&mut alice).await, []);
    assert_eq!(alice.get_list("lists/inbox").await.unwrap().todo_count, 0);
}

#[tokio::test]
async fn a_part_is_completed_or_deleted_by_itself() {
    let world = World::new().await;
    let mut alice = world.user();
    let party = alice.todo("lists/inbox", "party").await;
    let cake = part_of(&mut alice, &party, "cake").await;
    alice.complete(&cake.name, "").await.unwrap();
    alice.delete(&cake.name, "").await.unwrap();
    assert_eq!(alice.get(&party.name).await.unwrap(), party);
}
