use auth_service::event::Kind;
use prost_types::Timestamp;
use prost_types::value::Kind as Json;
use proto::auth::v1::audit_event::Kind as Sent;
use proto::auth::v1::{
    AuditEvent, DeleteUserRequest, ListAuditEventsRequest, ListAuditEventsResponse, SetRolesRequest,
};
use sqlx::{AssertSqlSafe, PgConnection};
use tonic::{Code, Status};

use crate::plan::plan;
use crate::system::{START, System, refused, violations, with_token};

const ANNA: &str = "01920000-0000-7000-8000-00000000000a";
const BOB: &str = "01920000-0000-7000-8000-00000000000b";
const PHONE: &str = "01920000-0000-7000-8000-0000000000f1";
const TABLET: &str = "01920000-0000-7000-8000-0000000000f2";

async fn list(
    system: &System,
    token: &str,
    request: ListAuditEventsRequest,
) -> Result<ListAuditEventsResponse, Status> {
    system.audit().list_audit_events(with_token(token, request)).await.map(tonic::Response::into_inner)
}

/// All events that a request asks for, page by page.
async fn all(system: &System, token: &str, request: ListAuditEventsRequest) -> Vec<AuditEvent> {
    let mut events = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListAuditEventsRequest { page_token, ..request.clone() };
        let answer = list(system, token, request).await.unwrap();
        events.extend(answer.audit_events);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return events;
        }
    }
}

fn pages(page_size: i32) -> ListAuditEventsRequest {
    ListAuditEventsRequest { page_size, ..ListAuditEventsRequest::default() }
}

fn user(id: &str) -> String {
    format!("users/{id}")
}

/// So many seconds, and nanoseconds, after the start.
fn at(seconds: i64, nanos: i32) -> Timestamp {
    Timestamp { seconds: START.unix_timestamp() + seconds, nanos }
}

/// An admin's token, and eight events whose request ids are their numbers: two a second, one of them by Anna in her phone's
/// session, the other by Bob in his tablet's, to each of the two in turn.
async fn populated() -> (System, String) {
    let system = System::start().await;
    let token = system.admin("root").await.access_token;
    let fill = "TRUNCATE auth.events;
        INSERT INTO auth.events (id, at, kind, user_id, actor_id, session_id, request_id, details)
        SELECT ('01920000-0000-7000-9000-00000000000' || n)::uuid, '2026-01-01 00:00:00Z'::timestamptz + n / 2 * interval '1 s',
               CASE WHEN n < 4 THEN 'user_updated' ELSE 'session_revoked' END,
               (CASE WHEN n / 2 % 2 = 0 THEN '{ANNA}' ELSE '{BOB}' END)::uuid,
               (CASE WHEN n % 2 = 0 THEN '{ANNA}' ELSE '{BOB}' END)::uuid,
               (CASE WHEN n % 2 = 0 THEN '{PHONE}' ELSE '{TABLET}' END)::uuid, n::text, '{}'
        FROM generate_series(0, 7) n";
    let names = [("{ANNA}", ANNA), ("{BOB}", BOB), ("{PHONE}", PHONE), ("{TABLET}", TABLET)];
    let fill = names.into_iter().fold(fill.to_owned(), |fill, (name, id)| fill.replace(name, id));
    sqlx::raw_sql(AssertSqlSafe(fill)).execute(&mut system.sql().await).await.unwrap();
    (system, token)
}

/// The numbers of events, as [`populated`] numbers them.
fn numbers(events: &[AuditEvent]) -> String {
    events.iter().map(|event| event.request_id.as_str()).collect()
}

#[tokio::test]
async fn pages_of_any_size_have_every_event_once_the_latest_first() {
    let (system, token) = populated().await;
    for size in [0, 1, 2, 3, 7, 8, 5000] {
        assert_eq!(numbers(&all(&system, &token, pages(size)).await), "76543210", "{size}");
    }
}

#[tokio::test]
async fn every_filter_that_is_set_must_hold() {
    let (system, token) = populated().await;
    let of = |owner: &str, session: &str| format!("users/{owner}/sessions/{session}");
    let none = || pages(1);
    let to = |id: &str| ListAuditEventsRequest { user: user(id), ..pages(1) };
    let by = |id: &str| ListAuditEventsRequest { actor: user(id), ..pages(1) };
    let within = |session: String| ListAuditEventsRequest { session, ..pages(1) };
    let (updated, revoked) = (Sent::UserUpdated as i32, Sent::SessionRevoked as i32);
    let table = [
        (to(ANNA), "5410"),
        (by(ANNA), "6420"),
        (ListAuditEventsRequest { actor: user(BOB), ..to(ANNA) }, "51"),
        (within(of(BOB, TABLET)), "7531"),
        (within(of(ANNA, TABLET)), "51"),
        (ListAuditEventsRequest { user: user(BOB), ..within(of(BOB, TABLET)) }, "73"),
        (ListAuditEventsRequest { actor: user(ANNA), ..within(of(BOB, TABLET)) }, ""),
        (ListAuditEventsRequest { kinds: vec![revoked, revoked], ..none() }, "7654"),
        (ListAuditEventsRequest { kinds: vec![revoked, updated], ..none() }, "76543210"),
        (ListAuditEventsRequest { kinds: vec![Sent::LoggedIn.into()], ..none() }, ""),
        (ListAuditEventsRequest { kinds: vec![updated], ..to(BOB) }, "32"),
        (ListAuditEventsRequest { kinds: vec![updated], ..by(BOB) }, "31"),
        (ListAuditEventsRequest { kinds: vec![updated], ..within(of(ANNA, PHONE)) }, "20"),
        (ListAuditEventsRequest { start_time: Some(at(1, 0)), end_time: Some(at(3, 0)), ..none() }, "5432"),
        (ListAuditEventsRequest { start_time: Some(at(0, 1)), end_time: Some(at(2, 1)), ..none() }, "5432"),
        (ListAuditEventsRequest { start_time: Some(at(2, 0)), ..to(ANNA) }, "54"),
        (ListAuditEventsRequest { end_time: Some(at(2, 0)), ..by(ANNA) }, "20"),
        (ListAuditEventsRequest { start_time: Some(at(3, 0)), ..within(of(BOB, TABLET)) }, "7"),
        (ListAuditEventsRequest { end_time: Some(at(3, 0)), kinds: vec![revoked], ..none() }, "54"),
        (ListAuditEventsRequest { start_time: Some(at(3, 0)), end_time: Some(at(3, 0)), ..none() }, ""),
        (ListAuditEventsRequest { user: "users/me".to_owned(), ..none() }, ""),
    ];
    for (request, expected) in table {
        assert_eq!(numbers(&all(&system, &token, request.clone()).await), expected, "{request:?}");
    }
}

#[tokio::test]
async fn an_event_tells_who_did_what_to_whom_and_outlives_them() {
    let system = System::start().await;
    let root = system.admin("root").await;
    let bob = system.user("bob").await.name;
    let request = SetRolesRequest { name: bob.clone(), roles: vec![1] };
    system.users().set_roles(with_token(&root.access_token, request)).await.unwrap();
    let request = DeleteUserRequest { name: bob.clone(), ..DeleteUserRequest::default() };
    system.users().delete_user(with_token(&root.access_token, request)).await.unwrap();
    let request = ListAuditEventsRequest { user: bob.clone(), actor: "users/me".to_owned(), ..pages(0) };
    let events = all(&system, &root.access_token, request).await;
    let set = events.iter().find(|event| event.kind() == Sent::RolesSet).unwrap();
    assert!(events.iter().any(|event| event.kind() == Sent::UserDeleted));
    let details = &set.details.as_ref().unwrap().fields;
    assert_eq!(details["epoch"].kind, Some(Json::NumberValue(1.0)));
    let Some(Json::ListValue(roles)) = &details["roles"].kind else { panic!("{details:?}") };
    assert_eq!(roles.values[0].kind, Some(Json::StringValue("admin".to_owned())));
    let expected = AuditEvent {
        event_time: Some(at(0, 0)),
        user: bob,
        actor: root.user.unwrap().name,
        session: root.session.unwrap().name,
        peer: "client".to_owned(),
        ..set.clone()
    };
    assert_eq!(*set, expected);
    assert!(set.name.strip_prefix("auditEvents/").unwrap().parse::<uuid::Uuid>().is_ok(), "{}", set.name);
}

#[test]
fn the_contract_knows_the_kinds_that_are_recorded_and_no_others() {
    let recorded: Vec<_> = Kind::ALL.iter().map(|kind| format!("KIND_{}", kind.as_str().to_uppercase())).collect();
    let told: Vec<_> =
        (1..).map_while(|number| Sent::try_from(number).ok()).map(|kind| kind.as_str_name().to_owned()).collect();
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    assert_eq!(sorted(told), sorted(recorded));
}

#[tokio::test]
async fn a_page_token_is_for_its_caller_and_its_filter() {
    let (system, token) = populated().await;
    let other = system.admin("other").await.access_token;
    let page_token = list(&system, &token, pages(1)).await.unwrap().next_page_token;
    let next = ListAuditEventsRequest { page_token, ..pages(3) };
    assert!(list(&system, &token, next.clone()).await.is_ok(), "a page may have another size");
    let invalid = "PAGE_TOKEN_INVALID";
    refused(list(&system, &other, next.clone()).await, Code::InvalidArgument, invalid);
    for filtered in [
        ListAuditEventsRequest { user: user(ANNA), ..next.clone() },
        ListAuditEventsRequest { actor: user(ANNA), ..next.clone() },
        ListAuditEventsRequest { session: format!("users/me/sessions/{PHONE}"), ..next.clone() },
        ListAuditEventsRequest { kinds: vec![Sent::LoggedIn.into()], ..next.clone() },
        ListAuditEventsRequest { start_time: Some(at(0, 0)), ..next.clone() },
        ListAuditEventsRequest { end_time: Some(at(0, 0)), ..next.clone() },
    ] {
        refused(list(&system, &token, filtered).await, Code::InvalidArgument, invalid);
    }
}

#[tokio::test]
async fn only_an_admin_reads_it_and_only_while_being_one() {
    let system = System::start().await;
    let (root, anna) = (system.admin("root").await.access_token, system.somebody("anna").await.access_token);
    refused(list(&system, &anna, pages(0)).await, Code::PermissionDenied, "CALLER_NOT_ALLOWED");
    assert!(!list(&system, &root, pages(0)).await.unwrap().audit_events.is_empty());
    system.make("root", "plain").await;
    refused(list(&system, &root, pages(0)).await, Code::PermissionDenied, "CALLER_NOT_ALLOWED");
    system.make("root", "disabled").await;
    refused(list(&system, &root, pages(0)).await, Code::Unauthenticated, "SESSION_ENDED");
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let system = System::start().await;
    let token = system.admin("root").await.access_token;
    let wrong = ListAuditEventsRequest {
        page_size: -1,
        page_token: "x".repeat(1025),
        user: "users/-".to_owned(),
        actor: "root".to_owned(),
        session: "users/me".to_owned(),
        kinds: vec![1, 0, 99],
        start_time: Some(at(0, -1)),
        end_time: Some(Timestamp { seconds: i64::MAX, nanos: 0 }),
    };
    let status = list(&system, &token, wrong).await.unwrap_err();
    let fields = ["page_size", "page_token", "user", "actor", "session", "kinds[1]", "kinds[2]"];
    assert_eq!(violations(&status), [&fields[..], &["start_time", "end_time"]].concat());
}

/// Adds 20,000 events, of a hundred users, each of whom has one session and does to another what is done to them.
async fn populate(c: &mut PgConnection) {
    let fill = "CREATE FUNCTION pg_temp.id(kind text, n int) RETURNS uuid LANGUAGE sql
                    AS $$ SELECT md5(kind || n)::uuid $$;
                INSERT INTO auth.events (id, at, kind, user_id, actor_id, session_id, details)
                SELECT gen_random_uuid(), '2026-01-01'::timestamptz + n * interval '1 minute',
                       (ARRAY['logged_in', 'logged_out', 'session_revoked', 'user_updated'])[n % 4 + 1],
                       pg_temp.id('user', n % 100), pg_temp.id('user', (n + 1) % 100), pg_temp.id('session', n % 100), '{}'
                FROM generate_series(1, 20000) n";
    sqlx::raw_sql(fill).execute(c).await.unwrap();
}

/// The plan of a page of 50.
async fn plan_of(c: &mut PgConnection, caller: &str, filter: &str) -> String {
    let statement = include_str!("../../src/store/events/page.sql");
    let types = "uuid, uuid, timestamptz, timestamptz, timestamptz, uuid, uuid, uuid, uuid, uuid, text[], bigint";
    let range = "'2026-01-02', '2026-01-14', '00000000-0000-0000-0000-000000000000'";
    plan(c, statement, types, &format!("{caller}, '2026-01-01', {range}, {filter}, 51")).await
}

/// Whatever the filter and whatever the planner knows, the events of a page are read through one index, and no row is read
/// that is not on it.
#[tokio::test]
async fn a_page_is_read_through_its_index_alone() {
    let system = System::start().await;
    let root = system.admin("root").await.session.unwrap().name;
    let (user, session) = root.strip_prefix("users/").unwrap().split_once("/sessions/").unwrap();
    let caller = format!("'{user}', '{session}'");
    let mut sql = system.sql().await;
    populate(&mut sql).await;
    let (user7, user8) = ("pg_temp.id('user', 7)", "pg_temp.id('user', 8)");
    let of_session = format!("NULL, NULL, pg_temp.id('session', 7), {user7}, NULL");
    let (of_user, of_actor) = (format!("{user7}, NULL, NULL, NULL, NULL"), format!("NULL, {user8}, NULL, NULL, NULL"));
    let of_kinds = "NULL, NULL, NULL, NULL, '{logged_in,logged_out}'";
    for analyzed in [false, true] {
        if analyzed {
            sqlx::raw_sql("ANALYZE auth.events").execute(&mut sql).await.unwrap();
        }
        for (index, filter) in [
            ("events_session_index", of_session.as_str()),
            ("events_user_index", &of_user),
            ("events_actor_index", &of_actor),
            ("events_kind_index", of_kinds),
            ("events_at_index", "NULL, NULL, NULL, NULL, NULL"),
        ] {
            let plan = plan_of(&mut sql, &caller, filter).await;
            let reads = |line: &&str| line.contains("on events") && !line.contains("never") && !line.contains("rows=0");
            let read: Vec<_> = plan.lines().filter(reads).collect();
            assert!(read.len() == 1 && read[0].contains(&format!("Index Scan Backward using {index}")), "{plan}");
            assert!(!plan.contains("Seq Scan on events") && !plan.contains("Rows Removed by Filter"), "{plan}");
        }
    }
}
