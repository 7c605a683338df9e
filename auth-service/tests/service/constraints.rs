//! Every constraint of the schema refuses what it is for, and there is none that is not tried here.

use std::collections::BTreeSet;

use auth_service::store::constraint;
use sqlx::PgConnection;

use crate::system::System;

/// A constraint and a change that it refuses.
const REFUSED: &[(&str, &str)] = &[
    (
        constraint::USERS_PKEY,
        r#"INSERT INTO auth.users SELECT (jsonb_populate_record(u, '{"username": "other"}')).* FROM auth.users u"#,
    ),
    (
        constraint::USERS_USERNAME_KEY,
        r"INSERT INTO auth.users
           SELECT (jsonb_populate_record(u, jsonb_build_object('id', gen_random_uuid(), 'username', 'ALICE'))).*
           FROM auth.users u",
    ),
    (
        constraint::USERS_VERIFIED_EMAIL_KEY,
        r"INSERT INTO auth.users
           SELECT (jsonb_populate_record(u, jsonb_build_object('id', gen_random_uuid(), 'username', 'other',
                                                               'email', 'ALICE@example.com'))).*
           FROM auth.users u",
    ),
    (constraint::USERS_USERNAME_CHECK, "UPDATE auth.users SET username = 'a@b'"),
    (constraint::USERS_DISPLAY_NAME_CHECK, "UPDATE auth.users SET display_name = repeat('ü', 101)"),
    (constraint::USERS_EMAIL_CHECK, "UPDATE auth.users SET email = 'nowhere'"),
    (constraint::USERS_EMAIL_VERIFIED_CHECK, "UPDATE auth.users SET email = NULL"),
    (constraint::USERS_ROLES_CHECK, "UPDATE auth.users SET roles = '{root}'"),
    (constraint::USERS_STATE_CHECK, "UPDATE auth.users SET state = 'gone'"),
    (constraint::USERS_PASSWORD_REVISION_CHECK, "UPDATE auth.users SET password_revision = 0"),
    (constraint::USERS_EPOCH_CHECK, "UPDATE auth.users SET epoch = -1"),
    (constraint::USERS_REVISION_CHECK, "UPDATE auth.users SET revision = 0"),
    (constraint::SESSIONS_PKEY, "INSERT INTO auth.sessions SELECT * FROM auth.sessions"),
    (constraint::SESSIONS_USER_FKEY, "UPDATE auth.sessions SET user_id = '00000000-0000-0000-0000-000000000001'"),
    (constraint::SESSIONS_DEVICE_NAME_CHECK, "UPDATE auth.sessions SET device_name = repeat('ü', 101)"),
    (constraint::SESSIONS_CURRENT_HASH_CHECK, "UPDATE auth.sessions SET current_hash = '\\x00'"),
    (constraint::SESSIONS_PREVIOUS_HASH_CHECK, "UPDATE auth.sessions SET previous_hash = '\\x00'"),
    (constraint::SESSIONS_COUNTER_CHECK, "UPDATE auth.sessions SET counter = 0"),
    (
        constraint::SESSIONS_EXPIRY_CHECK,
        "UPDATE auth.sessions SET idle_expires_at = absolute_expires_at + interval '1 us'",
    ),
    (constraint::SESSIONS_END_REASON_CHECK, "UPDATE auth.sessions SET ended_at = created_at, end_reason = 'bored'"),
    (constraint::SESSIONS_CERTIFICATE_CHECK, "UPDATE auth.sessions SET certificate = '\\x00'"),
    (constraint::SESSIONS_END_CHECK, "UPDATE auth.sessions SET ended_at = created_at"),
    (
        constraint::SIGNING_KEYS_PKEY,
        "INSERT INTO auth.signing_keys
         SELECT kid, 'retired', public_key, sealed_key, created_at, activated_at, now() FROM auth.signing_keys",
    ),
    (
        constraint::SIGNING_KEYS_ACTIVE_KEY,
        "INSERT INTO auth.signing_keys
         SELECT 'other', state, public_key, sealed_key, created_at, activated_at FROM auth.signing_keys",
    ),
    (
        constraint::SIGNING_KEYS_PENDING_KEY,
        "INSERT INTO auth.signing_keys
         SELECT n::text, 'pending', public_key, sealed_key, created_at FROM auth.signing_keys, generate_series(1, 2) n",
    ),
    (constraint::SIGNING_KEYS_TIMES_CHECK, "UPDATE auth.signing_keys SET activated_at = NULL"),
    (constraint::SIGNING_KEYS_STATE_CHECK, "UPDATE auth.signing_keys SET state = 'lost'"),
    (constraint::SIGNING_KEYS_PUBLIC_KEY_CHECK, "UPDATE auth.signing_keys SET public_key = '\\x00'"),
    (constraint::THROTTLES_PKEY, "INSERT INTO auth.throttles SELECT * FROM auth.throttles"),
    (constraint::THROTTLES_KEY_CHECK, "UPDATE auth.throttles SET key = '\\x00'"),
    (constraint::THROTTLES_FAILURES_CHECK, "UPDATE auth.throttles SET failures = -1"),
    (constraint::OUTBOX_PKEY, "INSERT INTO auth.outbox SELECT * FROM auth.outbox"),
    (constraint::OUTBOX_ATTEMPTS_CHECK, "UPDATE auth.outbox SET attempts = -1"),
    (constraint::MAIL_TOKENS_PKEY, "INSERT INTO auth.mail_tokens SELECT * FROM auth.mail_tokens"),
    (
        constraint::MAIL_TOKENS_HASH_KEY,
        "INSERT INTO auth.mail_tokens
         SELECT user_id, 'email_verification', hash, email, created_at, expires_at FROM auth.mail_tokens",
    ),
    (constraint::MAIL_TOKENS_USER_FKEY, "UPDATE auth.mail_tokens SET user_id = '00000000-0000-0000-0000-000000000001'"),
    (constraint::MAIL_TOKENS_PURPOSE_CHECK, "UPDATE auth.mail_tokens SET purpose = 'greeting'"),
    (constraint::MAIL_TOKENS_HASH_CHECK, "UPDATE auth.mail_tokens SET hash = '\\x00'"),
    (constraint::MAIL_ALLOWANCES_PKEY, "INSERT INTO auth.mail_allowances SELECT * FROM auth.mail_allowances"),
    (constraint::MAIL_ALLOWANCES_KEY_CHECK, "UPDATE auth.mail_allowances SET key = '\\x00'"),
    (constraint::MAIL_ALLOWANCES_COUNT_CHECK, "UPDATE auth.mail_allowances SET count = 0"),
    (constraint::EVENTS_PKEY, "INSERT INTO auth.events SELECT * FROM auth.events"),
    (constraint::EVENTS_SEQ_KEY, "UPDATE auth.events SET seq = 1"),
    (constraint::EVENTS_KIND_CHECK, "UPDATE auth.events SET kind = 'rumour'"),
    (constraint::EVENTS_DETAILS_CHECK, "UPDATE auth.events SET details = '[]'"),
    (constraint::FEED_PKEY, "INSERT INTO auth.feed VALUES (true, 0)"),
    (constraint::FEED_SINGLE_CHECK, "INSERT INTO auth.feed VALUES (false, 0)"),
    (constraint::FEED_HEAD_CHECK, "UPDATE auth.feed SET head = -1"),
    (constraint::CONSUMERS_PKEY, "INSERT INTO auth.consumers SELECT * FROM auth.consumers"),
    (constraint::CONSUMERS_CURSOR_CHECK, "UPDATE auth.consumers SET cursor = -1"),
];

async fn names(c: &mut PgConnection) -> BTreeSet<String> {
    let constraints = "SELECT conname::text FROM pg_constraint WHERE connamespace = 'auth'::regnamespace
                         AND conrelid <> 'auth._sqlx_migrations'::regclass
                       UNION
                       SELECT relname::text FROM pg_index JOIN pg_class ON oid = indexrelid
                       WHERE indisunique AND relnamespace = 'auth'::regnamespace
                         AND indrelid <> 'auth._sqlx_migrations'::regclass";
    sqlx::query_scalar(constraints).fetch_all(c).await.unwrap().into_iter().collect()
}

#[tokio::test]
async fn each_refuses_what_it_is_for() {
    let system = System::start().await;
    system.somebody("alice").await;
    system.make("alice", "verified").await;
    assert!(system.try_log_in("alice", "wrong horse battery").await.is_err());
    system.request_reset("alice@example.com").await;
    system.letters().await;
    system.request_reset("alice@example.com").await;
    let mut sql = system.sql().await;
    let events = "INSERT INTO auth.events (id, seq, at, kind, details)
                  SELECT gen_random_uuid(), seq, now(), 'logged_in', '{}' FROM generate_series(1000001, 1000002) seq";
    sqlx::query(events).execute(&mut sql).await.unwrap();
    let consumer = "INSERT INTO auth.consumers (name, cursor, seen_at) VALUES ('todo-service', 0, now())";
    sqlx::query(consumer).execute(&mut sql).await.unwrap();
    for &(name, statement) in REFUSED {
        let error = sqlx::query(statement).execute(&mut sql).await.unwrap_err();
        assert_eq!(error.as_database_error().and_then(|e| e.constraint()), Some(name), "{error}");
    }
}

#[tokio::test]
async fn there_is_none_besides() {
    let system = System::start().await;
    let tried: BTreeSet<_> = REFUSED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&mut system.sql().await).await, tried);
}
