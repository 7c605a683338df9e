//! Each name of the schema, seen from Postgres itself: what the functions answer first is refused here all the same.

use local_postgres::{Cluster, Role};
use service_kit::postgres::Error;
use sqlx::{AssertSqlSafe, PgConnection};
use todo_service::store::constraint;
use tokio::sync::OnceCell;

use crate::support::database;

const LIST: &str = "00000000-0000-7000-8000-000000000001";
const INBOX: &str = "00000000-0000-8000-8000-000000000002";

/// A connection to a database that these tests share: nothing that they write is committed.
async fn connection(role: Role) -> PgConnection {
    static SHARED: OnceCell<String> = OnceCell::const_new();
    let name = SHARED.get_or_init(database::migrated).await;
    Cluster::throwaway().await.unwrap().connect(name, role).await.unwrap()
}

async fn transaction_with_rows() -> PgConnection {
    let mut connection = connection(Role::TodoService).await;
    for statement in ["BEGIN".to_owned(), list(), inbox(), member(), todo()] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
    connection
}

fn list() -> String {
    lists_row(LIST, "gen_random_uuid()", "false")
}

fn inbox() -> String {
    lists_row(INBOX, &format!("'{INBOX}'"), "true")
}

fn lists_row(id: &str, owner: &str, inbox: &str) -> String {
    format!("INSERT INTO todo.lists VALUES ('{id}', {owner}, 'name', {inbox}, sha256(''), 0, 0, now(), now())")
}

fn member() -> String {
    format!("INSERT INTO todo.list_members VALUES ('{INBOX}', '{LIST}', 'owner')")
}

fn suspended(role: &str) -> String {
    format!("INSERT INTO todo.suspended_members VALUES ('{INBOX}', '{LIST}', '{role}', now(), 0)")
}

fn todo() -> String {
    another_todo(&format!("'{LIST}'"), 1, &format!("'{LIST}'"))
}

/// That `statement` is refused by `constraint`.
async fn refuses(statement: &str, constraint: &str) {
    let mut connection = transaction_with_rows().await;
    let refused = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap_err();
    match Error::from(refused) {
        Error::Conflict(name) => assert_eq!(name, constraint),
        other => panic!("{other:?}"),
    }
}

fn update_list(assignment: &str) -> String {
    format!("UPDATE todo.lists SET {assignment} WHERE id = '{LIST}'")
}

fn update_todo(assignment: &str) -> String {
    format!("UPDATE todo.todos SET {assignment}")
}

fn batch(hash: &str, ids: &str) -> String {
    format!("INSERT INTO todo.batches VALUES ('{LIST}', '{LIST}', {hash}, '{{}}', '{ids}', now())")
}

/// A second row beside the one that is there.
fn another_todo(id: &str, revision: u8, request_id: &str) -> String {
    format!(
        "INSERT INTO todo.todos (list_id, id, title, notes, state, creator_id, revision, request_id, request_hash, create_time,
            update_time, priority, labels, position)
        VALUES ('{LIST}', {id}, 'title', '', 'open', '{INBOX}', {revision}, {request_id}, sha256(''), now(), now(), 0, '{{}}',
            todo.position_at(1))"
    )
}

macro_rules! refused {
    ($($name:ident: $statement:expr => $constraint:ident;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                refuses(&$statement, constraint::$constraint).await;
            }
        )*

        /// What the tests above are about.
        const TESTED: &[&str] = &[$(constraint::$constraint),*];
    };
}

refused! {
    two_lists_cannot_have_one_id: list() => LISTS_PKEY;
    a_list_cannot_be_without_a_name: update_list("display_name = ''") => LISTS_DISPLAY_NAME_LENGTH;
    the_name_of_a_list_has_200_code_points_at_most:
        update_list("display_name = repeat('ж', 201)") => LISTS_DISPLAY_NAME_LENGTH;
    the_fingerprint_of_a_list_has_32_bytes: update_list("request_hash = ''") => LISTS_REQUEST_HASH_LENGTH;
    the_revision_of_a_list_is_not_negative: update_list("revision = -1, own_revision = -1, purged_revision = -1") => LISTS_REVISION_RANGE;
    the_count_of_todos_is_not_negative: update_list("live_count = -1") => LISTS_LIVE_COUNT_RANGE;
    a_list_that_is_no_inbox_cannot_have_the_id_of_one:
        lists_row("00000000-0000-8000-8000-000000000003", "gen_random_uuid()", "false") => LISTS_INBOX_VERSION;
    an_inbox_cannot_have_the_id_of_another_list: update_list("inbox = true") => LISTS_INBOX_VERSION;
    a_user_cannot_have_two_inboxes:
        lists_row("00000000-0000-8000-8000-000000000003", &format!("'{INBOX}'"), "true") => LISTS_ONE_INBOX_AN_OWNER;
    the_last_change_of_a_list_itself_is_one_of_its_changes: update_list("own_revision = 1") => LISTS_OWN_REVISION_RANGE;
    what_was_purged_are_changes_of_the_list: update_list("purged_revision = 1") => LISTS_PURGED_REVISION_RANGE;
    a_list_has_a_member: update_list("member_count = 0") => LISTS_MEMBER_COUNT_RANGE;
    a_deleted_list_has_a_time_to_be_purged: update_list("delete_time = now()") => LISTS_PURGE_TIME_OF_DELETED;
    an_inbox_is_not_deleted:
        format!("UPDATE todo.lists SET delete_time = now(), purge_time = now() WHERE id = '{INBOX}'") => LISTS_INBOX_STAYS;
    a_user_cannot_be_a_member_twice: member() => LIST_MEMBERS_PKEY;
    a_member_cannot_be_without_a_list:
        format!("UPDATE todo.list_members SET list_id = '{}'", uuid::Uuid::max()) => LIST_MEMBERS_LIST_ID_FKEY;
    a_role_is_one_of_three: "UPDATE todo.list_members SET role = 'admin'" => LIST_MEMBERS_ROLE_KNOWN;
    a_list_cannot_have_two_owners:
        format!("INSERT INTO todo.list_members VALUES (gen_random_uuid(), '{LIST}', 'owner')") => LIST_MEMBERS_ONE_OWNER;
    a_user_comes_back_to_a_list_once: suspended("owner") + ";" + &suspended("viewer") => SUSPENDED_MEMBERS_PKEY;
    whoever_comes_back_does_so_with_a_list:
        suspended("owner").replace(LIST, &uuid::Uuid::max().to_string()) => SUSPENDED_MEMBERS_LIST_ID_FKEY;
    whoever_comes_back_has_one_of_three_roles: suspended("admin") => SUSPENDED_MEMBERS_ROLE_KNOWN;
    two_todos_of_a_list_cannot_have_one_id: another_todo(&format!("'{LIST}'"), 2, "NULL") => TODOS_PKEY;
    a_revision_is_not_given_out_twice: another_todo("gen_random_uuid()", 1, "NULL") => TODOS_LIST_ID_REVISION_KEY;
    a_todo_cannot_be_without_a_list: update_todo("list_id = gen_random_uuid()") => TODOS_LIST_ID_FKEY;
    a_todo_cannot_be_without_a_title: update_todo("title = ''") => TODOS_TITLE_LENGTH;
    a_title_has_500_code_points_at_most: update_todo("title = repeat('ж', 501)") => TODOS_TITLE_LENGTH;
    notes_have_10_000_code_points_at_most: update_todo("notes = repeat('ж', 10001)") => TODOS_NOTES_LENGTH;
    a_state_is_one_of_two: update_todo("state = 'done'") => TODOS_STATE_KNOWN;
    a_completed_todo_has_the_time_of_it: update_todo("state = 'completed'") => TODOS_COMPLETE_TIME_OF_COMPLETED;
    an_open_todo_has_no_time_of_completion: update_todo("complete_time = now()") => TODOS_COMPLETE_TIME_OF_COMPLETED;
    a_deleted_todo_has_a_time_to_be_purged: update_todo("delete_time = now()") => TODOS_PURGE_TIME_OF_DELETED;
    the_revision_of_a_todo_is_positive: update_todo("revision = 0") => TODOS_REVISION_RANGE;
    the_fingerprint_of_a_todo_has_32_bytes: update_todo("request_hash = ''") => TODOS_REQUEST_HASH_LENGTH;
    a_request_id_cannot_make_two_todos:
        another_todo("gen_random_uuid()", 2, &format!("'{LIST}'")) => TODOS_ONE_OF_EACH_REQUEST;
    a_priority_is_not_negative: update_todo("priority = -1") => TODOS_PRIORITY_RANGE;
    a_priority_is_9_at_most: update_todo("priority = 10") => TODOS_PRIORITY_RANGE;
    a_todo_has_20_labels_at_most: update_todo("labels = array_fill('x'::text, ARRAY[21])") => TODOS_LABELS_COUNT;
    a_label_is_a_text: update_todo("labels = ARRAY[NULL]::text[]") => TODOS_LABELS_COUNT;
    a_position_is_a_text_of_its_form: update_todo("position = '1'") => TODOS_POSITION_FORM;
    a_position_has_64_characters_at_most: update_todo("position = repeat('0', 65)") => TODOS_POSITION_FORM;
    a_zone_is_that_of_a_due_time: update_todo("due_zone = 'Europe/Berlin'") => TODOS_DUE_OF_ZONE;
    a_due_time_has_a_zone: update_todo("due = '2026-12-24 18:30'") => TODOS_DUE_WITHOUT_ZONE_IS_A_DATE;
    a_zone_has_a_name: update_todo("due = '2026-12-24', due_zone = ''") => TODOS_DUE_ZONE_LENGTH;
    what_recurs_does_so_by_a_rule: update_todo("due = '2026-12-24', recurrence = ''") => TODOS_RECURRENCE_LENGTH;
    what_recurs_has_a_due: update_todo("recurrence = 'FREQ=DAILY'") => TODOS_DUE_OF_RECURRENCE;
    what_recurs_has_no_parent:
        update_todo("due = '2026-12-24', recurrence = 'FREQ=DAILY', parent_id = list_id") => TODOS_NO_RECURRENCE_BELOW_A_PARENT;
    a_todo_is_not_its_own_parent: update_todo("parent_id = id") => TODOS_PARENT_IS_ANOTHER;
    a_parent_is_there: update_todo("parent_id = gen_random_uuid()") => TODOS_PARENT_ID_FKEY;
    the_mark_of_a_moved_todo_is_deleted: update_todo("moved_to = list_id") => TODOS_MOVED_IS_DELETED;
    what_is_kept_for_icalendar_has_16_kib_at_most:
        update_todo("icalendar = repeat('x', 16385)") => TODOS_ICALENDAR_LENGTH;
    a_request_id_stands_for_one_batch: format!("{0}; {0}", batch("sha256('')", "{}")) => BATCHES_PKEY;
    the_fingerprint_of_a_batch_has_32_bytes: batch("''", "{}") => BATCHES_REQUEST_HASH_LENGTH;
    each_todo_of_a_batch_is_of_a_list: batch("sha256('')", &format!("{{{LIST}}}")) => BATCHES_IDS_COUNT;
    a_user_is_deleted_once:
        format!("INSERT INTO todo.deleted_users VALUES ('{LIST}', now()), ('{LIST}', now())") => DELETED_USERS_PKEY;
    the_feed_is_followed_to_one_place: "INSERT INTO todo.feed VALUES (1, '')" => FEED_PKEY;
    the_place_in_the_feed_is_one_row: "INSERT INTO todo.feed VALUES (2, '')" => FEED_ONE_ROW;
    a_cursor_has_64_characters_at_most:
        "UPDATE todo.feed SET followed_to = repeat('x', 65)" => FEED_FOLLOWED_TO_LENGTH;
}

#[tokio::test]
async fn every_constraint_of_the_schema_has_a_name_of_ours_and_a_test() {
    let mut names: Vec<String> = sqlx::query_scalar(
        "SELECT conname::text FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
            WHERE c.connamespace = 'todo'::regnamespace AND r.relname <> '_sqlx_migrations'
        UNION
        SELECT r.relname::text FROM pg_index i JOIN pg_class r ON r.oid = i.indexrelid
            JOIN pg_class t ON t.oid = i.indrelid
            WHERE r.relnamespace = 'todo'::regnamespace AND i.indisunique AND t.relname <> '_sqlx_migrations'",
    )
    .fetch_all(&mut connection(Role::Admin).await)
    .await
    .unwrap();
    names.sort();
    let mut tested = TESTED.to_vec();
    tested.sort_unstable();
    tested.dedup();
    assert_eq!(names, tested);
}
