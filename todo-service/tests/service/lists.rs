use proto::todo::v1 as wire;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::support::world::{User, World, create, metadata, violations, why};

async fn create_list(user: &mut User, display_name: &str, list_id: &str) -> Result<wire::List, Status> {
    let list = wire::List { display_name: display_name.into(), ..Default::default() };
    let request = wire::CreateListRequest { list: Some(list), list_id: list_id.into() };
    user.lists.create_list(request).await.map(tonic::Response::into_inner)
}

async fn list_lists(user: &mut User) -> Vec<wire::List> {
    user.lists.list_lists(wire::ListListsRequest::default()).await.unwrap().into_inner().lists
}

#[tokio::test]
async fn the_inbox_is_there_without_being_made() {
    let world = World::new().await;
    let mut alice = world.user();
    let inbox = alice.get_list("lists/inbox").await.unwrap();
    assert!(inbox.inbox);
    assert_eq!(inbox.todo_count, 0);
    assert_eq!(inbox.display_name, "Inbox");
    assert_eq!(alice.get_list(&inbox.name).await.unwrap(), inbox);
    assert_eq!(list_lists(&mut alice).await, [inbox]);
}

#[tokio::test]
async fn the_inbox_is_among_the_lists_of_a_new_user() {
    let world = World::new().await;
    let lists = list_lists(&mut world.user()).await;
    assert_eq!(lists.iter().filter(|list| list.inbox).count(), 1);
}

#[tokio::test]
async fn an_inbox_that_nobody_has_used_is_empty() {
    let world = World::new().await;
    let wire::ListTodosResponse { todos, next_page_token, .. } = world.user().page("lists/inbox", 0, "").await.unwrap();
    assert_eq!((todos, next_page_token), (vec![], String::new()));
}

#[tokio::test]
async fn the_first_todo_makes_the_inbox() {
    let world = World::new().await;
    let mut alice = world.user();
    let todo = alice.todo("lists/inbox", "first").await;
    let inbox = alice.get_list("lists/inbox").await.unwrap();
    assert!(todo.name.starts_with(&format!("{}/todos/", inbox.name)));
    assert_eq!(inbox.todo_count, 1);
}

#[tokio::test]
async fn a_user_has_one_inbox_however_many_calls_come_first() {
    let world = World::new().await;
    let alice = world.user();
    let mut calls = JoinSet::new();
    for n in 0..16 {
        let mut alice = alice.clone();
        calls.spawn(async move {
            match n % 3 {
                0 => drop(alice.get_list("lists/inbox").await.unwrap()),
                1 => drop(alice.create(create("lists/inbox", "one of the first")).await.unwrap()),
                _ => drop(list_lists(&mut alice).await),
            }
        });
    }
    calls.join_all().await;
    let inboxes: i64 = sqlx::query_scalar("SELECT count(*) FROM todo.lists WHERE owner_id = $1 AND inbox")
        .bind(alice.id)
        .fetch_one(&mut world.admin().await)
        .await
        .unwrap();
    assert_eq!(inboxes, 1);
}

#[tokio::test]
async fn a_new_list_is_empty_and_can_be_read() {
    let world = World::new().await;
    let mut alice = world.user();
    let list = create_list(&mut alice, "Groceries", "").await.unwrap();
    assert_eq!((list.display_name.as_str(), list.inbox, list.todo_count), ("Groceries", false, 0));
    assert_eq!(list.create_time, list.update_time);
    assert_eq!(alice.get_list(&list.name).await.unwrap(), list);
}

#[tokio::test]
async fn a_change_of_a_todo_gives_its_list_another_etag() {
    let world = World::new().await;
    let mut alice = world.user();
    let before = alice.list("Groceries").await;
    alice.todo(&before.name, "milk").await;
    let after = alice.get_list(&before.name).await.unwrap();
    assert_ne!(after.etag, before.etag);
    assert_eq!(after.todo_count, 1);
    assert!(after.update_time.unwrap().seconds >= before.update_time.unwrap().seconds);
}

#[tokio::test]
async fn a_repeated_list_id_gives_the_first_list() {
    let world = World::new().await;
    let mut alice = world.user();
    let id = world.id().to_string();
    let first = create_list(&mut alice, "Groceries", &id).await.unwrap();
    assert_eq!(first.name, format!("lists/{id}"));
    assert_eq!(create_list(&mut alice, "Groceries", &id).await.unwrap(), first);
    assert_eq!(list_lists(&mut alice).await.len(), 2, "the inbox and one more");
}

#[tokio::test]
async fn a_list_id_with_another_name_is_taken() {
    let world = World::new().await;
    let mut alice = world.user();
    let id = world.id().to_string();
    create_list(&mut alice, "Groceries", &id).await.unwrap();
    let refused = create_list(&mut alice, "Errands", &id).await.unwrap_err();
    assert_eq!(why(&refused), (Code::AlreadyExists, "ID_TAKEN".into()));
    assert_eq!(metadata(&refused, "id"), id);
}

#[tokio::test]
async fn a_list_id_of_somebody_else_is_taken() {
    let world = World::new().await;
    let id = world.id().to_string();
    create_list(&mut world.user(), "Groceries", &id).await.unwrap();
    let refused = create_list(&mut world.user(), "Groceries", &id).await.unwrap_err();
    assert_eq!(why(&refused), (Code::AlreadyExists, "ID_TAKEN".into()));
}

#[tokio::test]
async fn the_id_of_an_inbox_to_come_cannot_be_taken() {
    let world = World::new().await;
    let (mut alice, mut mallory) = (world.user(), world.user());
    let inbox = todo_service::list::ListId::inbox_of(alice.id).uuid().to_string();
    let refused = create_list(&mut mallory, "Mine", &inbox).await.unwrap_err();
    assert_eq!(why(&refused), (Code::AlreadyExists, "ID_TAKEN".into()));
    assert!(alice.get_list("lists/inbox").await.unwrap().inbox);
}

#[tokio::test]
async fn the_limit_of_lists_holds_when_many_are_made_at_once() {
    let world = World::with(|limits| limits.lists_per_user = 5).await;
    let alice = world.user();
    let mut calls = JoinSet::new();
    for n in 0..20 {
        let mut alice = alice.clone();
        calls.spawn(async move { create_list(&mut alice, &format!("list {n}"), "").await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = calls.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 4, "the inbox counts");
    for refused in refused {
        let refused = refused.unwrap_err();
        assert_eq!(why(&refused), (Code::ResourceExhausted, "QUOTA_EXCEEDED".into()));
        assert_eq!(metadata(&refused, "limit"), "5");
    }
}

#[tokio::test]
async fn a_list_of_somebody_else_is_not_found_as_if_it_did_not_exist() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.user(), world.user());
    let foreign = alice.list("Private").await.name;
    let missing = format!("lists/{}", world.id());
    let (foreign_answer, missing_answer) =
        (bob.get_list(&foreign).await.unwrap_err(), bob.get_list(&missing).await.unwrap_err());
    assert_eq!(why(&foreign_answer), (Code::NotFound, "NOT_FOUND".into()));
    let swap = |text: &str| text.replace(&foreign, &missing);
    assert_eq!(swap(foreign_answer.message()), missing_answer.message());
    let details = swap(&String::from_utf8_lossy(foreign_answer.details()));
    assert_eq!(details, String::from_utf8_lossy(missing_answer.details()));
}

#[tokio::test]
async fn bad_fields_of_a_list_are_refused_together() {
    let world = World::new().await;
    let list = wire::List { name: "x".into(), display_name: "a\nb".into(), etag: "e".repeat(65), ..Default::default() };
    let request = wire::CreateListRequest { list: Some(list), list_id: "42".into() };
    let refused = world.user().lists.create_list(request).await.unwrap_err();
    assert_eq!(why(&refused), (Code::InvalidArgument, "FIELD_INVALID".into()));
    assert_eq!(violations(&refused), ["list.display_name", "list.etag", "list.name", "list_id"]);

    let refused = world.user().lists.create_list(wire::CreateListRequest::default()).await.unwrap_err();
    assert_eq!(violations(&refused), ["list"]);
}

#[tokio::test]
async fn the_length_of_a_name_is_counted_in_code_points() {
    let world = World::new().await;
    let mut alice = world.user();
    let longest = "ñ".repeat(200);
    assert_eq!(create_list(&mut alice, &longest, "").await.unwrap().display_name, longest);
    let refused = create_list(&mut alice, &"ñ".repeat(201), "").await.unwrap_err();
    assert_eq!(violations(&refused), ["list.display_name"]);
}
