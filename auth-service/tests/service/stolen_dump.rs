//! Whoever steals a dump of the database has no token by it, and no key.

use auth_service::signing_key::Keychain;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use proto::auth::v1::{ListUsersRequest, LogInRequest};
use service_kit::postgres::Database;
use service_kit::secret::Secret;
use sqlx::AssertSqlSafe;
use tonic::Code;

use crate::system::{PASSWORD, System, refused, with_token};

/// Every row of every table of the service, as text; what is binary in hexadecimal digits.
async fn dump(system: &System) -> String {
    let mut sql = system.sql().await;
    let tables =
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'auth'::regnamespace AND relkind IN ('r', 'p')";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut sql).await.unwrap();
    let mut dump = String::new();
    for table in tables {
        let rows = format!("SELECT to_jsonb(t)::text FROM auth.{table} t");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&mut sql).await.unwrap();
        dump.extend(rows.into_iter().map(|row| format!("{table} {row}\n")));
    }
    dump
}

/// All binary values of a dump.
fn binaries(dump: &str) -> Vec<Vec<u8>> {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_hexdigit).collect::<String>();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    dump.split("\"\\\\x").skip(1).map(|text| digits(text).as_bytes().chunks(2).map(byte).collect()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

fn encodings(bytes: &[u8]) -> Vec<String> {
    let engines = [BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD];
    engines.iter().map(|engine| engine.encode(bytes)).chain([hex(bytes)]).collect()
}

/// How a token could stand in a dump: itself, its parts, and the bytes that it and they stand for.
fn forms(token: &str) -> Vec<String> {
    let mut forms = vec![token.to_owned()];
    for part in token.split('.').chain([token]) {
        forms.extend(encodings(part.as_bytes()));
        forms.extend(BASE64_URL_SAFE_NO_PAD.decode(part).iter().flat_map(|bytes| encodings(bytes)));
    }
    forms
}

/// Lives a little, and returns every token that was handed out.
async fn live(system: &System) -> Vec<(&'static str, String)> {
    let root = system.admin("root").await;
    let email = system.verified("alice").await;
    let first = system.log_in("alice").await;
    let second = system.refresh(&first.refresh_token).await.unwrap();
    let bound = LogInRequest {
        identifier: "alice".to_owned(),
        password: PASSWORD.to_owned(),
        bind_to_certificate: true,
        ..LogInRequest::default()
    };
    let bound = system.auth().log_in(bound).await.unwrap().into_inner();
    assert!(system.try_log_in("alice", "wrong horse battery").await.is_err());
    let reset = system.reset_token(&email).await;
    system.user("bob").await;
    let verify = system.letter().await.token();
    let list = ListUsersRequest { page_size: 1, ..ListUsersRequest::default() };
    let page = system.users().list_users(with_token(&root.access_token, list)).await.unwrap().into_inner();
    system.request_reset("bob@example.com").await;
    vec![
        ("access", first.access_token),
        ("access", second.access_token),
        ("access", bound.access_token),
        ("refresh", first.refresh_token),
        ("refresh", second.refresh_token),
        ("refresh", bound.refresh_token),
        ("reset", reset),
        ("verify", verify),
        ("page", page.next_page_token),
    ]
}

#[tokio::test]
async fn no_token_stands_in_the_database_in_any_form() {
    let system = System::start().await;
    let tokens = live(&system).await;
    let dump = dump(&system).await;
    for table in ["users", "sessions", "events", "mail_tokens", "outbox", "signing_keys", "throttles"] {
        assert!(dump.lines().any(|row| row.starts_with(table)), "the scenario leaves {table} empty");
    }
    for (kind, token) in tokens {
        assert!(!token.is_empty());
        for form in forms(&token) {
            assert!(!dump.contains(&form), "a {kind} token, as {form}");
        }
    }
    assert!(!dump.contains(PASSWORD) && !dump.contains(&hex(PASSWORD.as_bytes())));
}

#[tokio::test]
async fn a_token_that_was_stored_would_be_found() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    let leak = "UPDATE auth.sessions SET device_name = left($1, 100)";
    let raw = BASE64_URL_SAFE_NO_PAD.decode(&granted.refresh_token).unwrap();
    sqlx::query(leak).bind(BASE64_STANDARD.encode(raw)).execute(&mut system.sql().await).await.unwrap();
    let dump = dump(&system).await;
    assert!(forms(&granted.refresh_token).iter().any(|form| dump.contains(form)));
}

#[tokio::test]
async fn nothing_that_is_stored_is_a_token() {
    let system = System::start().await;
    live(&system).await;
    let stored = binaries(&dump(&system).await);
    assert!(stored.len() > 10, "{}", stored.len());
    for bytes in stored {
        for text in encodings(&bytes).into_iter().filter(|text| text.len() <= 512) {
            refused(system.refresh(&text).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
            refused(system.get(&text, "users/me").await, Code::Unauthenticated, "TOKEN_INVALID");
            refused(system.reset(&text, "a battery of horses").await, Code::Unauthenticated, "MAIL_TOKEN_INVALID");
        }
    }
}

#[tokio::test]
async fn the_signing_key_does_not_open_under_another_key_file() {
    let system = System::start().await;
    let database = Database::new(&system.settings);
    let other = Secret::from_hex(&"6".repeat(64)).unwrap();
    assert!(Keychain::load(&database, &other, &system.clock, &system.entropy).await.is_err());
    assert!(Keychain::load(&database, &crate::system::secret(), &system.clock, &system.entropy).await.is_ok());
}
