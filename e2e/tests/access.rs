//! Who may call what: every rpc of the contract with every kind of caller, from the table that the services enforce.

use e2e::refusal::told;
use e2e::wire::{Presented, bearer};
use e2e::{Client, System, User};
use local_postgres::Cluster;
use proto::access::v1::Caller;
use proto::access::{Rule, rules};
use proto::auth::v1::{GetUserRequest, IntrospectTokenRequest};
use service_kit::clock::Clock;
use time::OffsetDateTime;
use tonic::Code;

fn needs_token(rule: &Rule) -> bool {
    matches!(rule.caller, Caller::User | Caller::Admin)
}

/// Asserts that every rpc that wants a token refuses this one.
async fn refuse(system: &System, authorization: Option<&str>, reason: &str) {
    let refused = rules().filter(|rule| needs_token(rule));
    for rule in refused {
        let presented = Presented { authorization, ..Presented::default() };
        let status = system.call(rule.path, presented, "").await.expect_err(rule.path);
        assert_eq!(told(&status), (Code::Unauthenticated, reason.to_owned()), "{} {authorization:?}", rule.path);
    }
}

#[tokio::test]
async fn no_rpc_takes_a_missing_token_for_one() {
    let system = System::start().await;
    for authorization in [None, Some(""), Some("Bearer"), Some("Basic dXNlcjpwYXNz"), Some("token abc")] {
        refuse(&system, authorization, "TOKEN_MISSING").await;
    }
}

#[tokio::test]
async fn no_rpc_takes_a_token_that_was_altered_or_made_elsewhere() {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
    let system = System::start().await;
    let User { granted, .. } = system.user("alice").await;
    let good = &granted.access_token;
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let header_with = |alg: &str| {
        let text = String::from_utf8(BASE64.decode(header).unwrap()).unwrap();
        BASE64.encode(text.replace("EdDSA", alg))
    };
    let admin =
        String::from_utf8(BASE64.decode(claims).unwrap()).unwrap().replace(r#""roles":[]"#, r#""roles":["admin"]"#);
    for forged in [
        format!("{header}.{}.{signature}", BASE64.encode(admin)),
        format!("{}.{claims}.", header_with("none")),
        format!("{}.{claims}.{signature}", header_with("none")),
        format!("{}.{claims}.{signature}", header_with("HS256")),
        format!("{signed}."),
        format!("{good}A"),
        granted.refresh_token.clone(),
        "a.b.c".to_owned(),
        "A".repeat(5_000),
    ] {
        refuse(&system, Some(&bearer(&forged)), "TOKEN_INVALID").await;
    }
}

#[tokio::test]
async fn no_rpc_takes_an_expired_token() {
    let clock = Clock::manual(OffsetDateTime::from_unix_timestamp(Clock::system().unix()).unwrap());
    let system = System::with(Cluster::throwaway().await.unwrap(), clock.clone()).await;
    let User { granted, .. } = system.user("alice").await;
    clock.advance(std::time::Duration::from_secs(305));
    refuse(&system, Some(&bearer(&granted.access_token)), "TOKEN_EXPIRED").await;
}

#[tokio::test]
async fn a_token_of_another_issuer_or_for_another_audience_is_invalid() {
    for name in ["TOKEN_ISSUER", "TOKEN_AUDIENCE"] {
        let only_auth = |settings: e2e::settings::Settings| {
            let is_todo = settings.variables().any(|(name, _)| name == "AUTH_ADDRESS");
            if is_todo { settings } else { settings.with(name, "https://elsewhere.example") }
        };
        let system = System::configured(Cluster::throwaway().await.unwrap(), Clock::system(), only_auth).await;
        let mut alice = system.user("alice").await;
        let status = alice.client.create_todo("for nobody").await.expect_err(name);
        assert_eq!(told(&status), (Code::Unauthenticated, "TOKEN_INVALID".to_owned()), "{name}");
    }
}

#[tokio::test]
async fn a_certificate_calls_what_its_rule_names_and_nothing_else() {
    let system = System::start().await;
    for rule in rules().filter(|rule| !rule.peers.is_empty()) {
        for certificate in ["client", "auth-service", "todo-service"] {
            let presented = Presented { certificate, ..Presented::default() };
            let answer = system.call(rule.path, presented, "").await;
            let allowed = rule.peers.contains(&certificate);
            let refusal = (Code::PermissionDenied, "PEER_NOT_ALLOWED".to_owned());
            let refused = answer.as_ref().is_err_and(|status| told(status) == refusal);
            assert_eq!(refused, !allowed, "{} as {certificate}: {answer:?}", rule.path);
        }
    }
}

#[tokio::test]
async fn a_path_that_does_not_exist_is_unimplemented_and_says_so() {
    let system = System::start().await;
    for path in ["/todo.v1.TodoService/Nothing", "/nothing.v1.Nothing/Nothing"] {
        let status = system.call(path, Presented::default(), "").await.unwrap_err();
        assert_eq!(told(&status), (Code::Unimplemented, "METHOD_UNKNOWN".to_owned()));
    }
}

#[tokio::test]
async fn an_rpc_for_admins_refuses_a_user() {
    let system = System::start().await;
    let User { granted, .. } = system.user("alice").await;
    for rule in rules().filter(|rule| rule.caller == Caller::Admin) {
        let authorization = bearer(&granted.access_token);
        let presented = Presented { authorization: Some(&authorization), ..Presented::default() };
        let status = system.call(rule.path, presented, "").await.expect_err(rule.path);
        assert_eq!(told(&status), (Code::PermissionDenied, "CALLER_NOT_ALLOWED".to_owned()), "{}", rule.path);
    }
}

#[tokio::test]
async fn after_log_out_the_session_is_over_for_auth_service_and_for_introspection() {
    let system = System::start().await;
    let User { mut client, granted } = system.user("alice").await;
    let mut todo_service: Client = system.peer("todo-service");
    let token = granted.access_token.clone();
    let introspect = IntrospectTokenRequest { token };
    assert!(todo_service.tokens.introspect_token(introspect.clone()).await.unwrap().into_inner().active);
    client.auth.log_out(proto::auth::v1::LogOutRequest {}).await.unwrap();
    let inactive = todo_service.tokens.introspect_token(introspect).await.unwrap().into_inner();
    assert_eq!(inactive, proto::auth::v1::IntrospectTokenResponse::default(), "an inactive token says nothing else");
    let status = client.users.get_user(GetUserRequest { name: "users/me".to_owned() }).await.unwrap_err();
    assert_eq!(told(&status), (Code::Unauthenticated, "SESSION_ENDED".to_owned()));
}
