//! Bad input: every boundary of every rule that the contract states for a field of a request, read from its annotations.

use std::collections::BTreeSet;

use e2e::System;
use e2e::boundary::{Probe, probes};
use e2e::refusal::{reason, told};
use e2e::rules::{Field, Rule, fields, get, outputs, set};
use e2e::scene::Scene;
use e2e::settings::Settings;
use e2e::wire::{self, methods};
use local_postgres::Cluster;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MethodDescriptor, Value};
use service_kit::clock::Clock;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A pair that hashes passwords as cheaply as it can: some hundred log-ins and registrations are right.
async fn start() -> System {
    let cheap = |settings: Settings| {
        let is_auth = settings.variables().all(|(name, _)| name != "AUTH_ADDRESS");
        if is_auth { settings.with("HASH_MEMORY_KIB", "8").with("HASH_PASSES", "1") } else { settings }
    };
    System::configured(Cluster::throwaway().await.unwrap(), Clock::system(), cheap).await
}

/// The paths that a refusal names, one for each violation, in order.
fn violations(status: &Status) -> Vec<String> {
    let violations = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    let mut paths = Vec::new();
    for path in violations.into_iter().map(|violation| violation.field) {
        // Of a repeated field each element is named: `roles[0]`, `requests[0].todo.labels[3]`.
        match path.strip_suffix(']').and_then(|path| path.rsplit_once('[')) {
            Some((field, _)) if paths.iter().any(|path| path == field) => {}
            Some((field, _)) => paths.push(field.to_owned()),
            None => paths.push(path),
        }
    }
    paths.sort();
    paths
}

/// Asserts that a request is refused for exactly these fields.
fn assert_refused<T>(answer: Result<T, Status>, paths: &[String], context: &str) {
    let status = answer.err().unwrap_or_else(|| panic!("taken: {context}"));
    assert_eq!(told(&status), (Code::InvalidArgument, "FIELD_INVALID".to_owned()), "{context}: {status:?}");
    assert_eq!(violations(&status), paths, "{context}: {status:?}");
}

/// Asserts that a request is not refused for its fields, and is no trouble for the service either.
fn assert_understood<T>(answer: Result<T, Status>, context: &str) {
    let Err(status) = answer else { return };
    let others = [Code::NotFound, Code::AlreadyExists, Code::Aborted, Code::Unauthenticated, Code::FailedPrecondition];
    let reasons = [
        "CURSOR_INVALID",
        "PAGE_TOKEN_INVALID",
        "SYNC_TOKEN_INVALID",
        "ROLE_INSUFFICIENT",
        "PASSWORD_WRONG",
        "LAST_ADMIN",
        "LOG_IN_THROTTLED",
    ];
    // What a rule admits, the dictionary may know.
    let guessable = status.message().contains("must be harder to guess");
    let understood = guessable || others.contains(&status.code()) || reasons.contains(&reason(&status).as_str());
    assert!(understood, "{context}: {status:?}");
}

/// A value that breaks the rule, if there is one in place of the valid one.
fn broken(field: &Field, valid: &Value) -> Option<Value> {
    let mut refused: Vec<_> = probes(&field.rule, valid).into_iter().filter(|probe| !probe.admitted).collect();
    // One that can be told from none, if there is one.
    refused.sort_by_key(|probe| matches!(&probe.value, Some(Value::String(text)) if text.is_empty()));
    refused.into_iter().next().expect("a value that breaks the rule").value
}

/// Whether the field is inside of the message at `outer`.
fn is_inside(field: &Field, outer: &str) -> bool {
    field.path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

/// The request with every field broken, but for those inside of the message `but`, and the paths of the broken ones.
fn all_broken(valid: &DynamicMessage, fields: &[Field], but: &str) -> (DynamicMessage, Vec<String>) {
    let mut request = valid.clone();
    let mut paths = Vec::new();
    let is_whole = |rule: &Rule| matches!(rule, Rule::Message | Rule::Messages(_));
    for field in fields.iter().filter(|field| !is_whole(&field.rule) && !is_inside(field, but)) {
        let value = broken(field, &get(valid, &field.path));
        set(&mut request, &field.path, value.clone());
        paths.push((field.path.clone(), value));
    }
    // Of several that exclude each other the last has put the others out.
    paths.retain(|(path, value)| value.as_ref().is_none_or(|value| get(&request, path) == *value));
    let mut paths: Vec<_> = paths.into_iter().map(|(path, _)| path).collect();
    paths.sort();
    (request, paths)
}

async fn try_every_value(scene: &Scene, method: &MethodDescriptor) {
    let valid = scene.request(method);
    let answer = scene.send(method, &valid).await;
    assert!(answer.is_ok(), "the example of {} is not valid: {answer:?}", method.full_name());
    for Field { path, rule } in fields(method) {
        for Probe { value, admitted } in probes(&rule, &get(&valid, &path)) {
            let context = format!("{} {path} = {value:?}", method.full_name());
            let mut request = valid.clone();
            set(&mut request, &path, value);
            let answer = scene.send(method, &request).await;
            let others = answer.as_ref().err().map(violations).unwrap_or_default();
            // The parent of a batch is right, and its elements are in another.
            let is_of_elements = path == "parent" && others.iter().all(|other| other != "parent") && !others.is_empty();
            if admitted && is_of_elements {
                assert!(method.name().starts_with("Batch"), "{context}: {answer:?}");
            } else if admitted {
                assert_understood(answer, &context);
            } else {
                assert_refused(answer, std::slice::from_ref(&path), &context);
            }
        }
    }
}

#[tokio::test]
async fn a_field_is_refused_exactly_when_it_breaks_its_rule() {
    let system = start().await;
    let scene = Scene::of(&system).await;
    for method in methods() {
        try_every_value(&scene, &method).await;
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_request_is_told_at_once() {
    let system = start().await;
    let scene = Scene::of(&system).await;
    for method in methods() {
        let (fields, valid) = (fields(&method), scene.request(&method));
        let (request, paths) = all_broken(&valid, &fields, "-");
        if !paths.is_empty() {
            assert_refused(scene.send(&method, &request).await, &paths, method.full_name());
        }
        for message in fields.iter().filter(|field| matches!(field.rule, Rule::Message)) {
            let (mut request, mut paths) = all_broken(&valid, &fields, &message.path);
            set(&mut request, &message.path, None);
            paths.push(message.path.clone());
            paths.sort();
            assert_refused(scene.send(&method, &request).await, &paths, &format!("{}, none", method.full_name()));
        }
    }
}

#[tokio::test]
async fn an_empty_request_is_told_all_that_it_lacks() {
    let system = start().await;
    let scene = Scene::of(&system).await;
    for method in methods() {
        let fields = fields(&method);
        let is_absent = |field: &&Field| match &field.rule {
            Rule::Text(text) => !text.empty && !field.path.contains('.'),
            Rule::Number(least, _) => *least > 0,
            Rule::Choice(_, choices) => !choices.contains(&0) && !field.path.contains('.'),
            Rule::Texts(_, least, _) => *least > 0 && !field.path.contains('.'),
            Rule::Choices(..) | Rule::Numbers(..) | Rule::Mask(_) | Rule::Time(..) | Rule::OneOf(_) => false,
            Rule::Message | Rule::Messages(_) => !field.path.contains('.'),
        };
        let lacking: BTreeSet<_> = fields.iter().filter(is_absent).map(|field| field.path.clone()).collect();
        let answer = scene.send_bytes(&method, Vec::new()).await;
        if lacking.is_empty() {
            assert_understood(answer, method.full_name());
        } else {
            assert_refused(answer, &Vec::from_iter(lacking), method.full_name());
        }
    }
}

/// Something that no service would set.
fn nonsense(field: &FieldDescriptor) -> Value {
    let one = match field.kind() {
        Kind::String => Value::String("\0 nonsense".repeat(100)),
        Kind::Bool => Value::Bool(true),
        Kind::Int32 => Value::I32(i32::MIN),
        Kind::Enum(_) => Value::EnumNumber(99),
        Kind::Message(message) => {
            let mut time = DynamicMessage::new(message);
            time.set_field_by_name("nanos", Value::I32(-1));
            Value::Message(time)
        }
        other => panic!("no nonsense of kind {other:?}"),
    };
    if field.is_list() { Value::List(vec![one; 3]) } else { one }
}

#[tokio::test]
async fn what_only_the_service_sets_is_ignored_in_a_request() {
    let system = start().await;
    let scene = Scene::of(&system).await;
    for method in methods() {
        let mut request = scene.request(&method);
        for (path, field) in outputs(&method) {
            set(&mut request, &path, Some(nonsense(&field)));
        }
        let answer = scene.send(&method, &request).await;
        assert!(answer.is_ok(), "{}: {answer:?}", method.full_name());
    }
}

/// Asserts that a request is refused before it is a request.
fn assert_unread<T>(answer: Result<T, Status>, told_of: (Code, &str), context: &str) {
    let status = answer.err().unwrap_or_else(|| panic!("taken: {context}"));
    assert_eq!(told(&status), (told_of.0, told_of.1.to_owned()), "{context}: {status:?}");
}

#[tokio::test]
async fn a_request_of_more_than_64_kib_is_too_large_and_of_more_than_1_mib_where_it_carries_many_things() {
    let system = start().await;
    let scene = Scene::of(&system).await;
    for method in methods() {
        // Field 1000, which no message has, of the length that fills the rest: 5 bytes are its own.
        let filled = |bytes: usize| [vec![0xc2, 0x3e], leb128(bytes - 5), vec![b'a'; bytes - 5]].concat();
        let bulk = proto::access::rule(&wire::path(&method)).is_some_and(|rule| rule.bulk);
        let limit = if bulk { 1024 * 1024 } else { 64 * 1024 };
        let (most, over) = (filled(limit), filled(limit + 1));
        assert_eq!((most.len(), over.len()), (limit, limit + 1));
        let answer = scene.send_bytes(&method, over).await;
        let told = answer.as_ref().err().and_then(StatusExt::get_details_error_info);
        assert_eq!(told.expect("a reason").metadata["limit"], limit.to_string(), "{}", method.full_name());
        assert_unread(answer, (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"), method.full_name());
        let answer = scene.send_bytes(&method, most).await;
        let reason = answer.err().map(|status| reason(&status));
        assert!(reason.is_none_or(|reason| reason == "FIELD_INVALID"), "{}", method.full_name());
    }
}

/// A length as protobuf writes it, in three bytes.
fn leb128(length: usize) -> Vec<u8> {
    let group = |shift: usize| u8::try_from(length >> shift & 0x7f).unwrap();
    vec![group(0) | 0x80, group(7) | 0x80, group(14)]
}

#[tokio::test]
async fn bytes_that_are_not_the_request_are_malformed_for_every_rpc() {
    let system = start().await;
    let scene = Scene::of(&system).await;
    for method in methods() {
        // The rest is missing; a length beyond the end; a number where a field must be; a group that never ends.
        for bytes in [vec![0x0a], vec![0xc2, 0x3e, 0x7f], vec![0x00, 0x01], vec![0xc3, 0x3e]] {
            let context = format!("{} {bytes:?}", method.full_name());
            let answer = scene.send_bytes(&method, bytes).await;
            assert_unread(answer, (Code::InvalidArgument, "MESSAGE_MALFORMED"), &context);
        }
        let is_text = |field: &FieldDescriptor| field.kind() == Kind::String;
        if let Some(text) = method.input().fields().find(is_text) {
            let not_utf8 = vec![u8::try_from(text.number() << 3 | 2).unwrap(), 2, 0xc3, 0x28];
            let answer = scene.send_bytes(&method, not_utf8).await;
            assert_unread(answer, (Code::InvalidArgument, "MESSAGE_MALFORMED"), method.full_name());
        }
    }
}

#[tokio::test]
async fn a_compressed_request_is_unsupported_and_told_what_is_read() {
    let system = start().await;
    let mut request = tonic::Request::new(bytes::Bytes::new());
    request.metadata_mut().insert("grpc-encoding", "gzip".parse().unwrap());
    let channel = system.channel(system.auth.address, "client");
    let answer = wire::answer(channel, "/auth.v1.AuthService/GetJwks", request).await;
    let read = answer.as_ref().err().and_then(|status| status.metadata().get("grpc-accept-encoding").cloned());
    assert_eq!(read, Some("identity".parse().unwrap()));
    assert_unread(answer, (Code::Unimplemented, "COMPRESSION_UNSUPPORTED"), "gzip");
}
