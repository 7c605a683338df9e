//! Lists and todos over the wire, from the first list to the last page.

use std::collections::BTreeSet;

use e2e::refusal::{fields, reason, told};
use e2e::settings::Settings;
use e2e::wire::contract;
use e2e::{Client, System};
use local_postgres::{Cluster, Role};
use proto::todo::v1::due::When;
use proto::todo::v1::todo::State;
use proto::todo::v1::{CreateTodoRequest, Due, Todo};
use service_kit::clock::Clock;
use time::OffsetDateTime;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

const INBOX: &str = "lists/inbox";
const ALL: &str = "lists/-";
const SOME_ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const OTHER_ID: &str = "01890a5d-ac96-774b-bcce-b302099a8058";

/// A request for a todo in a list.
fn asked(parent: &str, title: &str) -> CreateTodoRequest {
    let todo = Some(Todo { title: title.to_owned(), ..Default::default() });
    CreateTodoRequest { parent: parent.to_owned(), todo, ..Default::default() }
}

/// Asserts why a call was refused.
fn assert_refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, reason: &str, context: &str) {
    let status = answer.expect_err(context);
    assert_eq!(told(&status), (code, reason.to_owned()), "{context}: {status:?}");
}

async fn alice() -> (System, Client) {
    let system = System::start().await;
    let alice = system.user("alice").await.client;
    (system, alice)
}

#[tokio::test]
async fn from_an_empty_inbox_to_a_completed_todo() {
    let (_system, mut alice) = alice().await;
    assert!(alice.page(INBOX, 0, "").await.unwrap().todos.is_empty());
    let mut request = asked(INBOX, "Buy milk");
    request.todo.as_mut().unwrap().notes = "two litres\nsemi-skimmed".to_owned();
    let made = alice.create(request).await.unwrap();
    assert_eq!((made.title.as_str(), made.notes.as_str()), ("Buy milk", "two litres\nsemi-skimmed"));
    assert_eq!((made.state(), &made.creator), (State::Open, &alice.me().await.unwrap().name));
    assert!(made.create_time.is_some() && made.create_time == made.update_time && !made.etag.is_empty());
    assert_eq!((made.complete_time, made.delete_time, made.purge_time), (None, None, None));
    assert_eq!(alice.todo(&made.name).await.unwrap(), made);
    let done = alice.complete(&made.name, &made.etag).await.unwrap();
    assert_eq!(done.state(), State::Completed);
    assert_eq!(alice.page(ALL, 0, "").await.unwrap().todos, [done]);
}

#[tokio::test]
async fn the_inbox_is_there_before_anything_is_in_it_and_has_a_name_of_its_own() {
    let (_system, mut alice) = alice().await;
    assert!(alice.page(INBOX, 0, "").await.unwrap().todos.is_empty());
    let inbox = alice.list(INBOX).await.unwrap();
    assert!(inbox.inbox && inbox.todo_count == 0 && inbox.name != INBOX, "{inbox:?}");
    assert_eq!(alice.list(&inbox.name).await.unwrap(), inbox);
    assert_eq!(alice.lists(0, "").await.unwrap().lists, std::slice::from_ref(&inbox));
    let made = alice.new_todo(INBOX, "first").await.unwrap();
    assert!(made.name.starts_with(&inbox.name), "{made:?}");
    let now = alice.list(INBOX).await.unwrap();
    assert_eq!(now.todo_count, 1);
    assert!(now.etag != inbox.etag, "a change of a todo is one of its list");
}

#[tokio::test]
async fn a_list_id_makes_one_list_and_says_so_to_others() {
    let (system, mut alice) = alice().await;
    let made = alice.new_list("Work", SOME_ID).await.unwrap();
    assert_eq!(
        (made.name.as_str(), made.display_name.as_str(), made.inbox),
        (&*format!("lists/{SOME_ID}"), "Work", false)
    );
    alice.new_todo(&made.name, "grow").await.unwrap();
    let again = alice.new_list("Work", SOME_ID).await.unwrap();
    assert_eq!((again.todo_count, &again.name), (1, &made.name), "the list as it is now");
    assert_refused(alice.new_list("Play", SOME_ID).await, Code::AlreadyExists, "ID_TAKEN", "another body");
    let mut bob = system.user("bob").await.client;
    assert_refused(bob.new_list("Work", SOME_ID).await, Code::AlreadyExists, "ID_TAKEN", "another user");
    assert_eq!(alice.lists(0, "").await.unwrap().lists.len(), 2);
}

#[tokio::test]
async fn the_id_of_an_inbox_to_come_cannot_be_taken() {
    let (system, mut alice) = alice().await;
    let mut bob = system.user("bob").await.client;
    let inbox = bob.list(INBOX).await.unwrap();
    let of_an_inbox = inbox.name.strip_prefix("lists/").unwrap();
    for id in [of_an_inbox, "ffffffff-ffff-8fff-bfff-ffffffffffff", "00000000-0000-0000-0000-000000000000"] {
        assert_refused(alice.new_list("Trap", id).await, Code::AlreadyExists, "ID_TAKEN", id);
    }
}

#[tokio::test]
async fn a_todo_id_or_a_request_id_makes_one_todo_and_returns_it_as_it_is_now() {
    let (_system, mut alice) = alice().await;
    for (todo_id, request_id) in [(SOME_ID, ""), ("", SOME_ID), (OTHER_ID, OTHER_ID)] {
        let request = |title: &str| {
            let (todo_id, request_id) = (todo_id.to_owned(), request_id.to_owned());
            CreateTodoRequest { todo_id, request_id, ..asked(INBOX, title) }
        };
        let context = format!("todo_id {todo_id:?} request_id {request_id:?}");
        let made = alice.create(request("one")).await.unwrap();
        assert!(todo_id.is_empty() || made.name.ends_with(&format!("/todos/{todo_id}")), "{made:?}");
        assert_eq!(alice.create(request("one")).await.unwrap(), made, "{context}");
        let completed = alice.complete(&made.name, "").await.unwrap();
        assert_eq!(alice.create(request("one")).await.unwrap(), completed, "{context}");
        let deleted = alice.delete(&made.name, "").await.unwrap();
        assert_eq!(alice.create(request("one")).await.unwrap(), deleted, "{context}");
        let status = alice.create(request("two")).await.expect_err(&context);
        assert_eq!(told(&status), (Code::AlreadyExists, "ID_TAKEN".to_owned()), "{context}");
        let id = status.get_details_error_info().unwrap().metadata["id"].clone();
        assert!([todo_id, request_id].contains(&id.as_str()), "{context}: {id}");
        assert!(alice.page(INBOX, 0, "").await.unwrap().todos.is_empty(), "{context}");
    }
}

#[tokio::test]
async fn an_id_in_upper_case_is_the_same_id() {
    let (_system, mut alice) = alice().await;
    let request = |id: &str| CreateTodoRequest { todo_id: id.to_owned(), ..asked(INBOX, "one") };
    let made = alice.create(request(&SOME_ID.to_uppercase())).await.unwrap();
    assert!(made.name.ends_with(SOME_ID), "a resource has one name: {made:?}");
    assert_eq!(alice.create(request(SOME_ID)).await.unwrap(), made);
}

#[tokio::test]
async fn one_todo_comes_of_a_request_that_is_sent_many_times_at_once() {
    let (_system, mut alice) = alice().await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let mut todos = alice.todos.clone();
        let request = CreateTodoRequest { request_id: SOME_ID.to_owned(), ..asked(INBOX, "once") };
        calls.spawn(async move { todos.create_todo(request).await.unwrap().into_inner() });
    }
    let made = calls.join_all().await;
    assert_eq!(alice.page(INBOX, 0, "").await.unwrap().todos, [made[0].clone()]);
    assert!(made.iter().all(|todo| *todo == made[0]), "{made:?}");
}

#[tokio::test]
async fn first_calls_of_a_user_at_once_make_one_inbox() {
    let system = System::start().await;
    let mut connections = Vec::new();
    for _ in 0..8 {
        connections.push(system.cluster.connect(&system.database, Role::TodoService).await.unwrap());
    }
    // Many users: of these calls, about one burst in a hundred met in the moment that matters.
    for number in 0..400_u128 {
        let owner = Uuid::from_u128(number);
        let inbox = uuid::Builder::from_custom_bytes(owner.into_bytes()).into_uuid();
        let mut calls = tokio::task::JoinSet::new();
        for mut connection in std::mem::take(&mut connections) {
            calls.spawn(async move {
                let call = "SELECT todo.ensure_inbox($1, $2, 'Inbox', sha256(''))";
                sqlx::query(call).bind(owner).bind(inbox).execute(&mut connection).await.unwrap();
                connection
            });
        }
        connections = calls.join_all().await;
    }
    let inboxes = sqlx::query_scalar("SELECT count(*) FROM todo.lists").fetch_one(&mut connections[0]);
    assert_eq!(inboxes.await.ok(), Some(400_i64));
}

/// Everything in a parent, page by page, and how many pages it took. Page sizes come in turn, because they may change
/// from page to page (AIP-158).
async fn walked(user: &mut Client, parent: &str, sizes: &[i32]) -> (Vec<Todo>, usize) {
    let (mut todos, mut token, mut pages) = (Vec::new(), String::new(), 0);
    for size in sizes.iter().cycle() {
        let page = user.page(parent, *size, &token).await.unwrap();
        assert!(page.todos.len() <= usize::try_from(*size).unwrap(), "{parent} {size}");
        todos.extend(page.todos);
        pages += 1;
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    (todos, pages)
}

#[tokio::test]
async fn pages_of_every_size_hold_each_todo_once_in_the_order_of_names() {
    let (system, mut alice) = alice().await;
    let mut bob = system.user("bob").await.client;
    bob.new_todo(INBOX, "not hers").await.unwrap();
    let (one, two) = (alice.new_list("One", "").await.unwrap().name, alice.new_list("Two", "").await.unwrap().name);
    alice.new_list("Empty", "").await.unwrap();
    let mut made = Vec::new();
    for number in 0..9 {
        let parent = [INBOX, &one, &two][number % 3];
        made.push(alice.new_todo(parent, &format!("todo {number}")).await.unwrap());
        let gone = alice.new_todo(parent, "gone").await.unwrap();
        alice.delete(&gone.name, "").await.unwrap();
    }
    made.sort_by(|a, b| a.name.cmp(&b.name));
    for parent in [ALL, INBOX, &one, &two] {
        let list = if parent == INBOX { alice.list(INBOX).await.unwrap().name } else { parent.to_owned() };
        let expected: Vec<_> =
            made.iter().filter(|todo| parent == ALL || todo.name.starts_with(&list)).cloned().collect();
        for size in 1..=10 {
            let (todos, pages) = walked(&mut alice, parent, &[size]).await;
            assert_eq!(todos, expected, "{parent} {size}");
            assert_eq!(pages, expected.len().div_ceil(usize::try_from(size).unwrap()), "{parent} {size}");
        }
        assert_eq!(walked(&mut alice, parent, &[1, 4, 2]).await.0, expected, "{parent}");
    }
}

#[tokio::test]
async fn pages_of_lists_hold_each_list_once() {
    let (_system, mut alice) = alice().await;
    for number in 0..4 {
        alice.new_list(&format!("list {number}"), "").await.unwrap();
    }
    let all = alice.lists(0, "").await.unwrap().lists;
    assert_eq!(all.len(), 5);
    for size in 1..=6 {
        let (mut lists, mut token) = (Vec::new(), String::new());
        loop {
            let page = alice.lists(size, &token).await.unwrap();
            assert!(page.lists.len() <= usize::try_from(size).unwrap());
            lists.extend(page.lists);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(lists, all, "{size}");
    }
}

#[tokio::test]
async fn a_page_has_50_by_default_and_1000_at_most() {
    let (system, mut alice) = alice().await;
    alice.new_list("Large", SOME_ID).await.unwrap();
    let fill =
        "INSERT INTO todo.todos (list_id, id, title, notes, state, creator_id, revision, request_hash, create_time,
                                        update_time, priority, labels, position)
                SELECT id, gen_random_uuid(), 'one of many', '', 'open', owner_id, n, sha256(''), now(), now(), 0, '{}',
                    todo.position_at(n)
                FROM todo.lists, generate_series(1::bigint, 1001) n WHERE display_name = 'Large'";
    sqlx::query(fill).execute(&mut system.admin().await).await.unwrap();
    for (asked, given) in [(0, 50), (999, 999), (1000, 1000), (1001, 1000), (i32::MAX, 1000)] {
        let page = alice.page(&format!("lists/{SOME_ID}"), asked, "").await.unwrap();
        assert_eq!((page.todos.len(), page.next_page_token.is_empty()), (given, false), "{asked}");
    }
}

#[tokio::test]
async fn a_page_token_is_good_for_its_user_rpc_and_parent_alone() {
    let (system, mut alice) = alice().await;
    let mut bob = system.user("bob").await.client;
    let other = alice.new_list("Other", "").await.unwrap().name;
    for user in [&mut alice, &mut bob] {
        user.new_todo(INBOX, "one").await.unwrap();
        user.new_todo(INBOX, "two").await.unwrap();
    }
    let token = alice.page(INBOX, 1, "").await.unwrap().next_page_token;
    assert_eq!(alice.page(INBOX, 1, &token).await.unwrap().todos.len(), 1, "it is good");
    assert_eq!(alice.page(INBOX, 7, &token).await.unwrap().todos.len(), 1, "for another size too");
    let refused = |answer, context| assert_refused(answer, Code::InvalidArgument, "PAGE_TOKEN_INVALID", context);
    refused(bob.page(INBOX, 1, &token).await, "another user's");
    refused(alice.page(&other, 1, &token).await, "another list's");
    refused(alice.page(ALL, 1, &token).await, "another parent's");
    let of_lists = alice.lists(1, "").await.unwrap().next_page_token;
    refused(alice.page(INBOX, 1, &of_lists).await, "another rpc's");
    let status = alice.lists(1, &token).await.unwrap_err();
    assert_eq!(
        (reason(&status), fields(&status)),
        ("PAGE_TOKEN_INVALID".to_owned(), BTreeSet::from(["page_token".to_owned()]))
    );
}

#[tokio::test]
async fn a_page_token_that_was_altered_anywhere_is_refused() {
    let (_system, mut alice) = alice().await;
    alice.new_todo(INBOX, "one").await.unwrap();
    alice.new_todo(INBOX, "two").await.unwrap();
    let token = alice.page(INBOX, 1, "").await.unwrap().next_page_token;
    let replaced = (0..token.len()).map(|at| {
        let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &token[..at], &token[at + 1..])
    });
    let others =
        [token[1..].to_owned(), token[..token.len() - 1].to_owned(), format!("{token}AAAA"), format!("{token}=")];
    for altered in replaced.chain(others).chain(["!".to_owned(), "A".repeat(1024)]) {
        let answer = alice.page(INBOX, 1, &altered).await;
        assert_refused(answer, Code::InvalidArgument, "PAGE_TOKEN_INVALID", &altered);
    }
}

#[tokio::test]
async fn a_page_token_lives_for_a_day() {
    let clock = Clock::manual(OffsetDateTime::from_unix_timestamp(Clock::system().unix()).unwrap());
    let system = System::with(Cluster::throwaway().await.unwrap(), clock.clone()).await;
    let mut alice = system.user("alice").await.client;
    alice.new_todo(INBOX, "one").await.unwrap();
    alice.new_todo(INBOX, "two").await.unwrap();
    let token = alice.page(INBOX, 1, "").await.unwrap().next_page_token;
    for (seconds, is_good) in [(24 * 60 * 60, true), (1, false)] {
        clock.advance(std::time::Duration::from_secs(seconds));
        let granted = system.anonymous().log_in("alice", e2e::client::PASSWORD).await.unwrap();
        alice = alice.with_token(&granted.access_token);
        let answer = alice.page(INBOX, 1, &token).await;
        if is_good {
            assert_eq!(answer.unwrap().todos.len(), 1);
        } else {
            assert_refused(answer, Code::InvalidArgument, "PAGE_TOKEN_INVALID", "a day and a second old");
        }
    }
}

/// A todo that says something else in every field, of the same name.
fn all_other(name: &str, number: usize) -> Todo {
    let long_ago = Some(prost_types::Timestamp { seconds: 1, nanos: 0 });
    let day = format!("2026-12-{}", 10 + number % 20);
    Todo {
        name: name.to_owned(),
        title: format!("title {number}"),
        notes: format!("notes {number}"),
        state: State::Completed.into(),
        creator: format!("users/{OTHER_ID}"),
        create_time: long_ago,
        update_time: long_ago,
        complete_time: long_ago,
        delete_time: long_ago,
        purge_time: long_ago,
        priority: i32::try_from(number % 9).unwrap() + 1,
        labels: vec![format!("label {number}")],
        due: Some(Due { when: Some(When::Date(day)) }),
        recurrence: String::new(),
        parent_todo: String::new(),
        position: "0".to_owned(),
        next_occurrence: "nothing".to_owned(),
        etag: String::new(),
    }
}

/// Gives `todo` the value that `sent` has of a field that clients write; false of another field.
fn give(todo: &mut Todo, sent: &Todo, field: &str) -> bool {
    match field {
        "title" => todo.title.clone_from(&sent.title),
        "notes" => todo.notes.clone_from(&sent.notes),
        "priority" => todo.priority = sent.priority,
        "labels" => todo.labels.clone_from(&sent.labels),
        "due" => todo.due.clone_from(&sent.due),
        "recurrence" => todo.recurrence.clone_from(&sent.recurrence),
        "parent_todo" => todo.parent_todo.clone_from(&sent.parent_todo),
        _ => return false,
    }
    true
}

/// Names in a mask each subset of what is written, with everything that is not.
async fn try_every_mask(alice: &mut Client, name: &str, written: &[&str], sent: impl Fn(usize) -> Todo) {
    let message = contract().get_message_by_name("todo.v1.Todo").unwrap();
    let mut probe = Todo::default();
    let fields: Vec<_> = message.fields().map(|field| field.name().to_owned()).collect();
    let ignored = fields.iter().map(String::as_str).filter(|field| !give(&mut probe, &Todo::default(), field));
    let ignored: Vec<_> = ignored.collect();
    assert!(fields.len() == ignored.len() + 7, "of {fields:?} are ignored: {ignored:?}");
    let mut before = alice.todo(name).await.unwrap();
    for subset in 0..1_usize << written.len() {
        let named: Vec<_> = written.iter().enumerate().filter(|(bit, _)| subset >> bit & 1 == 1).collect();
        let named: Vec<_> = named.into_iter().map(|(_, field)| *field).collect();
        let (sent, mask) = (sent(subset), [named.as_slice(), ignored.as_slice()].concat());
        let after = alice.update_todo(&sent, Some(&mask)).await.unwrap();
        let mut expected = before.clone();
        for field in &named {
            give(&mut expected, &sent, field);
        }
        assert_eq!(after.etag == before.etag, expected == before, "{named:?}");
        (expected.etag, expected.update_time) = (after.etag.clone(), after.update_time);
        assert_eq!(after, expected, "{named:?}");
        before = after;
    }
    assert_eq!(alice.todo(name).await.unwrap(), before);
}

#[tokio::test]
async fn an_update_changes_what_its_mask_names_and_nothing_else_for_every_mask() {
    let (_system, mut alice) = alice().await;
    let parent = alice.new_todo(INBOX, "parent").await.unwrap().name;
    let (part, recurring) =
        (alice.new_todo(INBOX, "part").await.unwrap(), alice.new_todo(INBOX, "again").await.unwrap());
    let written = ["title", "notes", "priority", "labels", "due", "parent_todo"];
    let sent = |number| Todo { parent_todo: parent.clone(), ..all_other(&part.name, number) };
    try_every_mask(&mut alice, &part.name, &written, sent).await;
    let written = ["title", "notes", "priority", "labels", "due", "recurrence"];
    let due = Due { when: Some(When::Date("2026-12-24".to_owned())) };
    let with_due = Todo { due: Some(due), ..recurring.clone() };
    alice.update_todo(&with_due, Some(&["due"])).await.unwrap();
    let sent = |number| Todo {
        recurrence: format!("FREQ=DAILY;INTERVAL={}", number + 2),
        ..all_other(&recurring.name, number)
    };
    try_every_mask(&mut alice, &recurring.name, &written, sent).await;
}

#[tokio::test]
async fn without_a_mask_the_fields_that_are_set_are_written_and_a_star_writes_all() {
    let (_system, mut alice) = alice().await;
    let name = alice.new_todo(INBOX, "title").await.unwrap().name;
    let sent = |title: &str, notes: &str| {
        let (name, title, notes) = (name.clone(), title.to_owned(), notes.to_owned());
        Todo { name, title, notes, ..Default::default() }
    };
    for (todo, mask, expected) in [
        (sent("", "n1"), None, ("title", "n1")),
        (sent("t2", ""), None, ("t2", "n1")),
        (sent("", ""), None, ("t2", "n1")),
        (sent("t3", "n3"), Some(&[][..]), ("t3", "n3")),
        (sent("", ""), Some(&["notes"][..]), ("t3", "")),
        (sent("t4", "n4"), Some(&["*"][..]), ("t4", "n4")),
        (sent("t5", ""), Some(&["*"][..]), ("t5", "")),
    ] {
        let after = alice.update_todo(&todo, mask).await.unwrap();
        assert_eq!((after.title.as_str(), after.notes.as_str()), expected, "{todo:?} {mask:?}");
    }
    for mask in [["title"], ["*"]] {
        let status = alice.update_todo(&sent("", "n6"), Some(&mask)).await.unwrap_err();
        assert_eq!(
            (reason(&status), fields(&status)),
            ("FIELD_INVALID".to_owned(), BTreeSet::from(["todo.title".to_owned()]))
        );
    }
}

#[tokio::test]
async fn a_change_with_a_stale_etag_is_aborted_and_changes_nothing() {
    let (_system, mut alice) = alice().await;
    let first = alice.new_todo(INBOX, "title").await.unwrap();
    let stale = first.etag.clone();
    let now = alice.complete(&first.name, &stale).await.unwrap();
    assert!(now.etag != stale);
    for etag in [stale.as_str(), "0", "never made", "AAAAAAAAAAA", &"x".repeat(64)] {
        let sent =
            Todo { name: first.name.clone(), title: "late".to_owned(), etag: etag.to_owned(), ..Default::default() };
        let refused = |answer| assert_refused(answer, Code::Aborted, "ETAG_MISMATCH", etag);
        refused(alice.update_todo(&sent, None).await);
        refused(alice.update_todo(&sent, Some(&["title"])).await);
        refused(alice.complete(&first.name, etag).await);
        refused(alice.reopen(&first.name, etag).await);
        refused(alice.delete(&first.name, etag).await);
    }
    assert_eq!(alice.todo(&first.name).await.unwrap(), now);
    let sent = Todo { title: "in time".to_owned(), ..now };
    let changed = alice.update_todo(&sent, Some(&["title"])).await.unwrap();
    assert_eq!(changed.title, "in time");
    alice.delete(&first.name, &changed.etag).await.unwrap();
}

#[tokio::test]
async fn completing_and_reopening_again_changes_nothing() {
    let (_system, mut alice) = alice().await;
    let open = alice.new_todo(INBOX, "title").await.unwrap();
    assert_eq!(alice.reopen(&open.name, "").await.unwrap(), open, "it was open");
    let done = alice.complete(&open.name, "").await.unwrap();
    assert!(done.complete_time.is_some() && done.complete_time == done.update_time, "{done:?}");
    assert_eq!(alice.complete(&open.name, "").await.unwrap(), done);
    let inbox = alice.list(INBOX).await.unwrap();
    assert_eq!(alice.complete(&open.name, &done.etag).await.unwrap(), done);
    assert_eq!(alice.list(INBOX).await.unwrap(), inbox, "nor does the list change");
    let reopened = alice.reopen(&open.name, "").await.unwrap();
    assert_eq!((reopened.state(), reopened.complete_time), (State::Open, None));
    assert_eq!(alice.reopen(&open.name, "").await.unwrap(), reopened);
}

#[tokio::test]
async fn a_deleted_todo_can_be_read_for_30_days_and_counts_no_more() {
    let (_system, mut alice) = alice().await;
    let made = alice.new_todo(INBOX, "title").await.unwrap();
    let deleted = alice.delete(&made.name, "").await.unwrap();
    let (delete, purge) = (deleted.delete_time.unwrap(), deleted.purge_time.unwrap());
    assert_eq!((purge.seconds - delete.seconds, purge.nanos), (30 * 24 * 60 * 60, delete.nanos));
    assert_eq!(alice.todo(&made.name).await.unwrap(), deleted);
    assert!(alice.page(INBOX, 0, "").await.unwrap().todos.is_empty());
    assert_eq!(alice.list(INBOX).await.unwrap().todo_count, 0);
    assert_refused(alice.delete(&made.name, "").await, Code::NotFound, "NOT_FOUND", "deleted before");
}

async fn small() -> (System, Client) {
    let limits = |settings: Settings| {
        let is_todo = settings.variables().any(|(name, _)| name == "AUTH_ADDRESS");
        if is_todo { settings.with("TODOS_PER_LIST", "2").with("LISTS_PER_USER", "2") } else { settings }
    };
    let system = System::configured(Cluster::throwaway().await.unwrap(), Clock::system(), limits).await;
    let alice = system.user("alice").await.client;
    (system, alice)
}

/// Asserts that a quota is named, with its limit of 2.
fn assert_over_quota<T: std::fmt::Debug>(answer: Result<T, Status>) {
    let status = answer.unwrap_err();
    assert_eq!(told(&status), (Code::ResourceExhausted, "QUOTA_EXCEEDED".to_owned()));
    assert_eq!(status.get_details_error_info().unwrap().metadata["limit"], "2");
    assert_eq!(status.get_details_quota_failure().unwrap().violations.len(), 1);
    assert!(status.get_details_retry_info().is_none(), "waiting does not help");
}

#[tokio::test]
async fn a_full_list_takes_no_more_until_a_todo_is_deleted_and_still_answers_repeats() {
    let (_system, mut alice) = small().await;
    let repeated = CreateTodoRequest { request_id: SOME_ID.to_owned(), ..asked(INBOX, "one") };
    let one = alice.create(repeated.clone()).await.unwrap();
    let two = alice.new_todo(INBOX, "two").await.unwrap();
    assert_over_quota(alice.new_todo(INBOX, "three").await);
    assert_eq!(alice.create(repeated).await.unwrap(), one);
    let elsewhere = alice.new_list("Other", "").await.unwrap().name;
    alice.new_todo(&elsewhere, "each list counts by itself").await.unwrap();
    alice.delete(&two.name, "").await.unwrap();
    alice.new_todo(INBOX, "three").await.unwrap();
    assert_over_quota(alice.new_todo(INBOX, "four").await);
    assert_eq!(alice.list(INBOX).await.unwrap().todo_count, 2);
}

#[tokio::test]
async fn a_user_has_as_many_lists_as_the_quota_says_the_inbox_among_them() {
    let (_system, mut alice) = small().await;
    let one = alice.new_list("One", SOME_ID).await.unwrap();
    assert_over_quota(alice.new_list("Two", "").await);
    assert_eq!(alice.new_list("One", SOME_ID).await.unwrap(), one);
    assert_eq!(alice.lists(0, "").await.unwrap().lists.len(), 2);
}
