//! Accounts over the wire: registering, logging in, staying logged in, logging out, and the profile.

use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use e2e::boundary::probes;
use e2e::client::PASSWORD;
use e2e::refusal::told;
use e2e::rules::{Rule, fields, get, set, visit};
use e2e::scene::Scene;
use e2e::wire::{contract, methods};
use e2e::{System, User as SignedUp};
use local_postgres::Cluster;
use prost_reflect::prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, Value};
use prost_types::Timestamp;
use proto::auth::v1::user::State;
use proto::auth::v1::{
    GetJwksRequest, IntrospectTokenRequest, LogInRequest, LogOutRequest, RefreshTokensResponse, RegisterRequest, Role,
    User,
};
use service_kit::clock::Clock;
use time::OffsetDateTime;
use tonic::{Code, Status};
use tonic_types::StatusExt;

const ME: &str = "users/me";
const DAY: Duration = Duration::from_hours(24);

/// Asserts why a call was refused.
fn assert_refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, reason: &str, context: &str) {
    let status = answer.expect_err(context);
    assert_eq!(told(&status), (code, reason.to_owned()), "{context}: {status:?}");
}

/// Asserts why a refresh token was refused.
fn assert_no_tokens(answer: Result<RefreshTokensResponse, Status>, reason: &str, context: &str) {
    assert_refused(answer.map(|_| "tokens"), Code::Unauthenticated, reason, context);
}

/// A system whose time stands still until it is moved.
async fn at_rest() -> (System, Clock) {
    let clock = Clock::manual(OffsetDateTime::from_unix_timestamp(Clock::system().unix()).unwrap());
    (System::with(Cluster::throwaway().await.unwrap(), clock.clone()).await, clock)
}

async fn execute(system: &System, sql: &'static str) {
    sqlx::query(sql).execute(&mut system.admin().await).await.unwrap();
}

#[tokio::test]
async fn a_new_user_is_what_it_said_and_nothing_more() {
    let (system, clock) = at_rest().await;
    let mut client = system.anonymous();
    let request = RegisterRequest {
        username: "Ada-L_1".to_owned(),
        password: PASSWORD.to_owned(),
        email: "Ada@Example.org".to_owned(),
        display_name: "Ada Lovelace ✒".to_owned(),
    };
    let user = client.auth.register(request).await.unwrap().into_inner();
    let now = Some(Timestamp { seconds: clock.unix(), nanos: 0 });
    assert!(user.name.starts_with("users/") && !user.etag.is_empty(), "{user:?}");
    let expected = User {
        name: user.name.clone(),
        username: "Ada-L_1".to_owned(),
        display_name: "Ada Lovelace ✒".to_owned(),
        email: "Ada@Example.org".to_owned(),
        email_verified: false,
        roles: vec![],
        state: State::Active.into(),
        create_time: now,
        update_time: now,
        etag: user.etag.clone(),
    };
    assert_eq!(user, expected);
    let granted = client.log_in("ada-l_1", PASSWORD).await.unwrap();
    assert_eq!(client.with_token(&granted.access_token).me().await.unwrap(), user);
}

#[tokio::test]
async fn a_username_is_taken_in_any_case_and_an_email_by_nobody() {
    let system = System::start().await;
    let mut client = system.anonymous();
    let register = |username: &str| RegisterRequest {
        username: username.to_owned(),
        password: PASSWORD.to_owned(),
        email: "shared@example.org".to_owned(),
        ..Default::default()
    };
    client.auth.register(register("Alice")).await.unwrap();
    for name in ["Alice", "alice", "ALICE"] {
        let status = client.auth.register(register(name)).await.unwrap_err();
        assert_eq!(told(&status), (Code::AlreadyExists, "USERNAME_TAKEN".to_owned()));
        assert_eq!(status.get_details_error_info().unwrap().metadata["username"], name);
    }
    client.auth.register(register("bob")).await.unwrap();
}

#[tokio::test]
async fn a_log_in_by_any_case_grants_tokens_that_say_when_they_end() {
    let (system, clock) = at_rest().await;
    let mut client = system.anonymous();
    let user = client.register("Alice").await.unwrap();
    for identifier in ["Alice", "alice", "ALICE"] {
        let (identifier, device_name) = (identifier.to_owned(), "laptop".to_owned());
        let request = LogInRequest { identifier, password: PASSWORD.to_owned(), device_name, ..Default::default() };
        let granted = client.auth.log_in(request).await.unwrap().into_inner();
        let after = |duration: Duration| {
            Some(Timestamp { seconds: clock.unix() + i64::try_from(duration.as_secs()).unwrap(), nanos: 0 })
        };
        assert_eq!(granted.access_token_expire_time, after(Duration::from_mins(5)));
        assert_eq!(granted.refresh_token_expire_time, after(14 * DAY));
        assert_eq!(granted.user.as_ref(), Some(&user));
        let session = granted.session.unwrap();
        assert!(session.name.starts_with(&format!("{}/sessions/", user.name)), "{session:?}");
        assert_eq!((&session.user, session.device_name.as_str()), (&user.name, "laptop"));
        assert_eq!((session.create_time, session.expire_time), (after(Duration::ZERO), after(14 * DAY)));
    }
}

#[tokio::test]
async fn an_email_address_logs_in_only_whom_it_was_verified_for() {
    let system = System::start().await;
    let mut client = system.anonymous();
    for username in ["alice", "bob"] {
        let (username, email) = (username.to_owned(), "Shared@example.org".to_owned());
        let request = RegisterRequest { username, email, password: PASSWORD.to_owned(), ..Default::default() };
        client.auth.register(request).await.unwrap();
    }
    let answer = client.log_in("shared@example.org", PASSWORD).await.map(|_| "tokens");
    assert_refused(answer, Code::Unauthenticated, "CREDENTIALS_INVALID", "unverified");
    execute(&system, "UPDATE auth.users SET email_verified_at = now() WHERE username = 'bob'").await;
    let granted = client.log_in("SHARED@example.org", PASSWORD).await.unwrap();
    assert_eq!(granted.user.unwrap().username, "bob");
}

#[tokio::test]
async fn the_three_ways_to_fail_a_log_in_do_not_differ_by_a_byte() {
    let system = System::start().await;
    let mut client = system.anonymous();
    client.register("alice").await.unwrap();
    client.register("disabled").await.unwrap();
    execute(&system, "UPDATE auth.users SET state = 'disabled' WHERE username = 'disabled'").await;
    let mut said = Vec::new();
    for (name, password) in [("nobody", PASSWORD), ("alice", "wrong horse battery staple"), ("disabled", PASSWORD)] {
        let status = client.log_in(name, password).await.unwrap_err();
        assert_eq!(told(&status), (Code::Unauthenticated, "CREDENTIALS_INVALID".to_owned()), "{name}");
        let headers: Vec<_> = status.metadata().clone().into_headers().keys().map(ToString::to_string).collect();
        said.push((status.message().to_owned(), status.details().to_vec(), headers));
    }
    assert!(said.iter().all(|each| *each == said[0]), "{said:?}");
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_gives_the_same_successor() {
    let system = System::start().await;
    let SignedUp { mut client, granted } = system.user("alice").await;
    let first = client.refresh(&granted.refresh_token).await.unwrap();
    assert!(first.refresh_token != granted.refresh_token);
    let again = client.refresh(&granted.refresh_token).await.unwrap();
    assert_eq!(again.refresh_token, first.refresh_token);
    assert_eq!(first.session.unwrap().name, granted.session.unwrap().name);
    client.with_token(&first.access_token).me().await.unwrap();
    client.with_token(&again.access_token).me().await.unwrap();
}

#[tokio::test]
async fn a_token_that_comes_back_after_its_successor_was_used_ends_the_session() {
    let system = System::start().await;
    let SignedUp { mut client, granted } = system.user("alice").await;
    let other = client.log_in("alice", PASSWORD).await.unwrap();
    let second = client.refresh(&granted.refresh_token).await.unwrap();
    let third = client.refresh(&second.refresh_token).await.unwrap();
    assert_no_tokens(client.refresh(&granted.refresh_token).await, "REFRESH_TOKEN_REUSED", "two hold it");
    for (token, context) in [(&third, "the latest"), (&second, "the one before")] {
        assert_no_tokens(client.refresh(&token.refresh_token).await, "REFRESH_TOKEN_INVALID", context);
    }
    let answer = client.with_token(&third.access_token).me().await;
    assert_refused(answer, Code::Unauthenticated, "SESSION_ENDED", "the access token of the session");
    client.refresh(&other.refresh_token).await.expect("another session goes on");
}

#[tokio::test]
async fn after_30_seconds_a_replaced_token_is_a_stolen_one() {
    let (system, clock) = at_rest().await;
    let SignedUp { mut client, granted } = system.user("alice").await;
    let first = client.refresh(&granted.refresh_token).await.unwrap();
    clock.advance(Duration::from_secs(29));
    assert_eq!(client.refresh(&granted.refresh_token).await.unwrap().refresh_token, first.refresh_token);
    clock.advance(Duration::from_secs(1));
    assert_no_tokens(client.refresh(&granted.refresh_token).await, "REFRESH_TOKEN_REUSED", "30 seconds");
}

#[tokio::test]
async fn a_session_ends_after_14_days_without_a_refresh_and_after_90_in_any_case() {
    let (system, clock) = at_rest().await;
    let SignedUp { mut client, granted } = system.user("alice").await;
    let idle = client.log_in("alice", PASSWORD).await.unwrap();
    let mut token = granted.refresh_token;
    for day in [13, 26, 39, 52, 65, 78] {
        clock.advance(13 * DAY);
        let refreshed = client.refresh(&token).await.unwrap_or_else(|status| panic!("{day}: {status:?}"));
        let left = refreshed.refresh_token_expire_time.unwrap().seconds - clock.unix();
        assert_eq!(left, [14, 90 - day].into_iter().min().unwrap() * 24 * 60 * 60, "{day}");
        token = refreshed.refresh_token;
    }
    assert_no_tokens(client.refresh(&idle.refresh_token).await, "REFRESH_TOKEN_EXPIRED", "idle");
    clock.advance(12 * DAY);
    assert_no_tokens(client.refresh(&token).await, "REFRESH_TOKEN_EXPIRED", "90 days");
}

#[tokio::test]
async fn what_is_not_a_refresh_token_of_ours_is_invalid_and_ends_nothing() {
    let system = System::start().await;
    let SignedUp { mut client, granted } = system.user("alice").await;
    let good = granted.refresh_token;
    let elsewhere = System::start().await.user("alice").await.granted.refresh_token;
    let altered = (0..good.len()).map(|at| {
        let other = if good.as_bytes()[at] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &good[..at], &good[at + 1..])
    });
    let claims = granted.access_token.split('.').nth(1).unwrap().to_owned();
    let others = [elsewhere, claims, good[1..].to_owned(), format!("{good}="), format!("{good}A")];
    for token in altered.chain(others).chain(["a".to_owned(), "\0".to_owned(), "A".repeat(512)]) {
        assert_no_tokens(client.refresh(&token).await, "REFRESH_TOKEN_INVALID", &token);
    }
    client.refresh(&good).await.expect("the session goes on");
}

#[tokio::test]
async fn a_log_out_ends_its_session_and_no_other() {
    let system = System::start().await;
    let SignedUp { mut client, granted } = system.user("alice").await;
    let other = client.log_in("alice", PASSWORD).await.unwrap();
    client.auth.log_out(LogOutRequest {}).await.unwrap();
    assert_no_tokens(client.refresh(&granted.refresh_token).await, "REFRESH_TOKEN_INVALID", "logged out");
    assert_refused(client.me().await, Code::Unauthenticated, "SESSION_ENDED", "logged out");
    client.auth.log_out(LogOutRequest {}).await.expect("a retry of the log-out");
    client.with_token(&other.access_token).me().await.unwrap();
    client.refresh(&other.refresh_token).await.unwrap();
}

#[tokio::test]
async fn a_disabled_user_is_out_of_all_sessions() {
    let system = System::start().await;
    let SignedUp { mut client, granted } = system.user("alice").await;
    execute(&system, "UPDATE auth.users SET state = 'disabled'").await;
    assert_no_tokens(client.refresh(&granted.refresh_token).await, "REFRESH_TOKEN_INVALID", "disabled");
    assert_refused(client.me().await, Code::Unauthenticated, "SESSION_ENDED", "disabled");
}

#[tokio::test]
async fn the_21st_session_ends_the_oldest() {
    let system = System::start().await;
    let SignedUp { mut client, granted } = system.user("alice").await;
    let second = client.log_in("alice", PASSWORD).await.unwrap();
    for _ in 3..=21 {
        client.log_in("alice", PASSWORD).await.unwrap();
    }
    assert_no_tokens(client.refresh(&granted.refresh_token).await, "REFRESH_TOKEN_INVALID", "the first");
    client.refresh(&second.refresh_token).await.expect("the second goes on");
}

/// A user that says something else in every field, of the same name.
fn all_other(number: usize) -> User {
    let long_ago = Some(Timestamp { seconds: 1, nanos: 0 });
    User {
        name: ME.to_owned(),
        username: format!("mallory-{number}"),
        display_name: format!("name {number}"),
        email: format!("{number}@example.org"),
        email_verified: true,
        roles: vec![Role::Admin.into()],
        state: State::Disabled.into(),
        create_time: long_ago,
        update_time: long_ago,
        etag: String::new(),
    }
}

#[tokio::test]
async fn an_update_changes_what_its_mask_names_and_nothing_else_for_every_mask() {
    let system = System::start().await;
    let SignedUp { mut client, granted } = system.user("alice").await;
    let message = contract().get_message_by_name("auth.v1.User").unwrap();
    let paths: Vec<_> = message.fields().map(|field| field.name().to_owned()).collect();
    let mut before = granted.user.unwrap();
    for subset in 1..1_usize << paths.len() {
        let named = paths.iter().enumerate().filter(|(bit, _)| subset >> bit & 1 == 1);
        let mask: Vec<_> = named.map(|(_, path)| path.as_str()).collect();
        let sent = all_other(subset);
        let after = client.update_user(&sent, Some(&mask)).await.unwrap();
        let (username, display_name, email) =
            (mask.contains(&"username"), mask.contains(&"display_name"), mask.contains(&"email"));
        let mut expected = before.clone();
        if username {
            expected.username = sent.username;
        }
        if display_name {
            expected.display_name = sent.display_name;
        }
        if email {
            expected.email = sent.email;
        }
        if username || display_name || email {
            assert!(after.etag != before.etag, "{mask:?}");
            (expected.etag, expected.update_time) = (after.etag.clone(), after.update_time);
        }
        assert_eq!(after, expected, "{mask:?}");
        before = after;
    }
    assert_eq!(client.me().await.unwrap(), before);
}

#[tokio::test]
async fn without_a_mask_the_fields_that_are_set_are_written_and_a_star_writes_all() {
    let system = System::start().await;
    let SignedUp { mut client, .. } = system.user("alice").await;
    let sent = |display_name: &str, email: &str| {
        let (name, display_name, email) = (ME.to_owned(), display_name.to_owned(), email.to_owned());
        User { name, username: "alice".to_owned(), display_name, email, ..Default::default() }
    };
    for (user, mask, expected) in [
        (sent("Alice", ""), None, ("Alice", "")),
        (sent("", "a@b"), None, ("Alice", "a@b")),
        (sent("", ""), None, ("Alice", "a@b")),
        (sent("A", "b@c"), Some(&[][..]), ("A", "b@c")),
        (sent("", ""), Some(&["display_name"][..]), ("", "b@c")),
        (sent("Alice", "c@d"), Some(&["*"][..]), ("Alice", "c@d")),
        (sent("", ""), Some(&["*"][..]), ("", "")),
    ] {
        let after = client.update_user(&user, mask).await.unwrap();
        assert_eq!((after.display_name.as_str(), after.email.as_str()), expected, "{user:?} {mask:?}");
    }
}

#[tokio::test]
async fn an_update_with_a_stale_etag_is_aborted_and_changes_nothing() {
    let system = System::start().await;
    let SignedUp { mut client, granted } = system.user("alice").await;
    let first = granted.user.unwrap();
    let sent = |etag: &str| User {
        name: first.name.clone(),
        display_name: format!("of {etag}"),
        etag: etag.to_owned(),
        ..Default::default()
    };
    let now = client.update_user(&sent(&first.etag), None).await.unwrap();
    for etag in [first.etag.as_str(), "0", "-1", "never made", "99999999999999999999"] {
        assert_refused(client.update_user(&sent(etag), None).await, Code::Aborted, "ETAG_MISMATCH", etag);
    }
    assert_eq!(client.me().await.unwrap(), now);
    client.update_user(&sent(&now.etag), None).await.unwrap();
}

#[tokio::test]
async fn another_address_is_unverified_and_the_same_one_stays_verified() {
    let system = System::start().await;
    let SignedUp { mut client, .. } = system.user("alice").await;
    let sent = |email: &str| User { name: ME.to_owned(), email: email.to_owned(), ..Default::default() };
    client.update_user(&sent("a@example.org"), None).await.unwrap();
    execute(&system, "UPDATE auth.users SET email_verified_at = now()").await;
    assert!(client.update_user(&sent("a@example.org"), None).await.unwrap().email_verified);
    let named = User { display_name: "Alice".to_owned(), ..sent("") };
    assert!(client.update_user(&named, None).await.unwrap().email_verified, "the address was not named");
    assert!(!client.update_user(&sent("b@example.org"), None).await.unwrap().email_verified);
    execute(&system, "UPDATE auth.users SET email_verified_at = now()").await;
    let none = client.update_user(&sent(""), Some(&["email"])).await.unwrap();
    assert!(!none.email_verified && none.email.is_empty(), "{none:?}");
}

#[tokio::test]
async fn anybody_can_verify_a_token_by_the_published_keys() {
    let (system, clock) = at_rest().await;
    let SignedUp { mut client, granted } = system.user("alice").await;
    let jwks = client.auth.get_jwks(GetJwksRequest {}).await.unwrap().into_inner();
    let cached = Some(Timestamp { seconds: clock.unix() + 300, nanos: 0 });
    assert_eq!(jwks.cache_expire_time, cached);
    let document: serde_json::Value = serde_json::from_str(&jwks.jwks_json).unwrap();
    let fields = jwks.keys.iter().map(|key| {
        serde_json::json!({ "kty": key.kty, "crv": key.crv, "alg": key.alg, "use": key.r#use, "kid": key.kid, "x": key.x })
    });
    assert_eq!(document, serde_json::json!({ "keys": fields.collect::<Vec<_>>() }), "both forms say the same");
    let (signed, signature) = granted.access_token.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let json = |part: &str| serde_json::from_slice::<serde_json::Value>(&BASE64.decode(part).unwrap()).unwrap();
    let key = jwks.keys.iter().find(|key| json(header)["kid"] == key.kid.as_str()).expect("the key of the token");
    assert_eq!([&key.kty, &key.crv, &key.alg, &key.r#use], ["OKP", "Ed25519", "EdDSA", "sig"]);
    let public = UnparsedPublicKey::new(&ED25519, BASE64.decode(&key.x).unwrap());
    public.verify(signed.as_bytes(), &BASE64.decode(signature).unwrap()).expect("our signature");
    let claims = json(claims);
    let (user, session) = (granted.user.unwrap().name, granted.session.unwrap().name);
    assert_eq!(format!("users/{}", claims["sub"].as_str().unwrap()), user);
    assert_eq!(format!("{user}/sessions/{}", claims["sid"].as_str().unwrap()), session);
}

#[tokio::test]
async fn introspection_says_of_a_good_token_whose_it_is_and_until_when() {
    let (system, clock) = at_rest().await;
    let granted = system.user("alice").await.granted;
    let request = IntrospectTokenRequest { token: granted.access_token };
    let said = system.peer("todo-service").tokens.introspect_token(request).await.unwrap().into_inner();
    assert!(said.active && said.roles.is_empty() && !said.token_id.is_empty(), "{said:?}");
    assert_eq!((said.subject, said.session), (granted.user.unwrap().name, granted.session.unwrap().name));
    assert_eq!((said.issue_time.unwrap().seconds, said.expire_time), (clock.unix(), granted.access_token_expire_time));
    assert_eq!((said.issuer.as_str(), said.audience.as_str()), ("https://auth.todo.local", "todo.local"));
}

fn is_secret(field: &FieldDescriptor) -> bool {
    field.options().get_field_by_name("debug_redact").is_some_and(|value| value.as_bool() == Some(true))
}

/// The paths of the fields of a message that the contract marks as secret.
fn secrets(message: &MessageDescriptor) -> Vec<String> {
    let mut paths = Vec::new();
    visit(message, "", &mut |path, field| paths.extend(is_secret(field).then_some(path)));
    paths
}

fn contains(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

#[tokio::test]
async fn a_secret_comes_back_only_in_the_fields_that_are_for_it() {
    let system = System::start().await;
    let scene = Scene::of(&system).await;
    let stored = sqlx::query_scalar("SELECT password_hash FROM auth.users");
    let mut known: Vec<String> = stored.fetch_all(&mut system.admin().await).await.unwrap();
    let granted = &scene.owner.granted;
    known.extend([PASSWORD, &granted.access_token, &granted.refresh_token].map(str::to_owned));
    for method in methods() {
        let bytes = scene.send(&method, &scene.request(&method)).await.unwrap();
        let mut answer = DynamicMessage::decode(method.output(), bytes).unwrap();
        for path in secrets(&method.output()) {
            known.push(get(&answer, &path).as_str().unwrap().to_owned());
            set(&mut answer, &path, None);
        }
        let rest = answer.encode_to_vec();
        assert!(!known.iter().any(|secret| contains(&rest, secret)), "{}: {answer:?}", method.full_name());
    }
    assert!(known.len() >= 9, "the contract marks its secrets");
}

#[tokio::test]
async fn a_refusal_does_not_repeat_a_secret() {
    let system = System::start().await;
    let scene = Scene::of(&system).await;
    for method in methods() {
        for path in secrets(&method.input()) {
            let rule = fields(&method).into_iter().find(|field| field.path == path).expect("a rule").rule;
            let Rule::Text(_) = &rule else { panic!("{path} is no text") };
            let mut request = scene.request(&method);
            for probe in probes(&rule, &get(&request, &path)).into_iter().filter(|probe| !probe.admitted) {
                let Some(Value::String(secret)) = probe.value else { continue };
                set(&mut request, &path, Some(Value::String(secret.clone())));
                let status = scene.send(&method, &request).await.unwrap_err();
                let told = secret.chars().count() > 3
                    && (contains(status.details(), &secret) || contains(status.message().as_bytes(), &secret));
                assert!(!told, "{} {path}: {status:?}", method.full_name());
            }
        }
    }
}
