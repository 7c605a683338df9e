//! What every service offers beside its contract: request ids, health, reflection, probes and metrics.

use std::collections::BTreeSet;
use std::time::Duration;

use e2e::identities::{Identities, good};
use e2e::probes::{count, get};
use e2e::raw::http2;
use e2e::system::Service;
use e2e::wire::contract;
use e2e::{System, eventually};
use prost_reflect::DescriptorPool;
use prost_reflect::prost::Message;
use prost_reflect::prost_types::FileDescriptorSet;
use tokio::time::timeout;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

const CHECK: &str = "/grpc.health.v1.Health/Check";
const OF_AUTH: &[&str] = &[
    "auth.v1.AuditService",
    "auth.v1.AuthService",
    "auth.v1.SessionService",
    "auth.v1.TokenService",
    "auth.v1.UserService",
];
const OF_TODO: &[&str] = &["todo.v1.ListService", "todo.v1.MemberService", "todo.v1.TodoService"];

/// Each service with the names of its gRPC services.
fn named(system: &System) -> [(&Service, &'static [&'static str]); 2] {
    [(&system.auth, OF_AUTH), (&system.todo, OF_TODO)]
}

fn channel(system: &System, service: &Service) -> Channel {
    system.channel(service.address, "client")
}

#[tokio::test]
async fn every_answer_has_a_request_id_the_callers_if_it_is_a_good_one() {
    let identities = Identities::new();
    let system = identities.system().await;
    // Served, refused by a layer, refused by a handler's guard.
    for path in [CHECK, "/nothing.v1.Nothing/Nothing", "/auth.v1.TokenService/IntrospectToken"] {
        for service in system.services() {
            let connection = identities.connect(service.address, &identities.issue(&good("client"))).await;
            let longest = "x".repeat(128);
            for taken in ["a", "0195-already-mine", "!~", &longest] {
                let call = http2::call(path).header("x-request-id", taken).body(http2::message(b"")).unwrap();
                let answer = connection.send(call).await.unwrap();
                assert_eq!(answer.headers["x-request-id"], taken, "{path}");
            }
            let mut made = BTreeSet::new();
            let too_long = "x".repeat(129);
            for replaced in [None, Some(""), Some("two words"), Some("tab\there"), Some("\u{e9}"), Some(&*too_long)] {
                let mut call = http2::call(path);
                if let Some(id) = replaced {
                    call = call.header("x-request-id", id.as_bytes());
                }
                let answer = connection.send(call.body(http2::message(b"")).unwrap()).await.unwrap();
                let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
                assert!(uuid::Uuid::parse_str(&id).is_ok(), "{path} {replaced:?}: {id}");
                made.insert(id);
            }
            assert_eq!(made.len(), 6, "each is new");
        }
    }
}

#[tokio::test]
async fn health_is_told_for_the_whole_and_for_each_grpc_service_when_asked_and_when_watched() {
    let system = System::start().await;
    for (service, names) in named(&system) {
        let mut health = HealthClient::new(channel(&system, service));
        for name in names.iter().copied().chain([""]) {
            let request = HealthCheckRequest { service: name.to_owned() };
            let mut watched = health.watch(request.clone()).await.unwrap().into_inner();
            let serving = async {
                while watched.message().await.unwrap().expect("the stream goes on").status
                    != ServingStatus::Serving as i32
                {}
            };
            timeout(Duration::from_secs(10), serving).await.expect(name);
            let status = health.check(request).await.unwrap().into_inner().status;
            assert_eq!(status, ServingStatus::Serving as i32, "{name}");
        }
        let unknown = HealthCheckRequest { service: "nothing.v1.Nothing".to_owned() };
        assert_eq!(health.check(unknown).await.unwrap_err().code(), Code::NotFound);
    }
}

/// The files that reflection gives for these gRPC services, with all that they import, as one set; and the gRPC
/// services that it lists. `$version` is a version of reflection.
macro_rules! reflected {
    ($version:ident, $channel:expr, $names:expr) => {{
        use tonic_reflection::pb::$version::ServerReflectionRequest;
        use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
        use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
        use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;
        let mut client = ServerReflectionClient::new($channel);
        let mut ask = async |message: MessageRequest| {
            let request = ServerReflectionRequest { host: String::new(), message_request: Some(message) };
            let asked = tonic::Request::new(tokio_stream::once(request));
            let mut answers = client.server_reflection_info(asked).await.unwrap().into_inner();
            answers.message().await.unwrap().unwrap().message_response.unwrap()
        };
        let MessageResponse::ListServicesResponse(listed) = ask(MessageRequest::ListServices(String::new())).await
        else {
            panic!("not a list");
        };
        let listed: BTreeSet<String> = listed.service.into_iter().map(|service| service.name).collect();
        let mut wanted: Vec<_> =
            $names.iter().map(|name| MessageRequest::FileContainingSymbol(name.to_string())).collect();
        let mut files = std::collections::BTreeMap::new();
        while let Some(question) = wanted.pop() {
            let MessageResponse::FileDescriptorResponse(found) = ask(question).await else { panic!("not a file") };
            for bytes in found.file_descriptor_proto {
                let file = prost_reflect::prost_types::FileDescriptorProto::decode(bytes.as_slice()).unwrap();
                let missing = file.dependency.iter().filter(|name| !files.contains_key(*name)).cloned();
                wanted.extend(missing.map(MessageRequest::FileByFilename));
                files.insert(file.name().to_owned(), bytes);
            }
        }
        (listed, files.into_values().collect::<Vec<_>>())
    }};
}

/// Asserts that files as reflection gives them say all that the contract does, the access rules included.
fn assert_same_contract(files: Vec<Vec<u8>>, names: &[&str]) {
    let mut pool = DescriptorPool::new();
    let mut set = FileDescriptorSet::default().encode_to_vec();
    for file in files {
        // Field 1 of a FileDescriptorSet, length-delimited: the bytes as they came, options included.
        set.push(0x0a);
        prost_reflect::prost::encode_length_delimiter(file.len(), &mut set).unwrap();
        set.extend(file);
    }
    pool.decode_file_descriptor_set(set.as_slice()).unwrap();
    for name in names {
        let (told, meant) = (pool.get_service_by_name(name).unwrap(), contract().get_service_by_name(name).unwrap());
        for (told, meant) in told.methods().zip(meant.methods()) {
            assert!(meant.options().extensions().next().is_some(), "{} has a rule", meant.full_name());
            assert_eq!(told.options().encode_to_vec(), meant.options().encode_to_vec(), "{}", meant.full_name());
        }
        assert_eq!(told.methods().len(), meant.methods().len());
    }
}

#[tokio::test]
async fn reflection_of_both_versions_lists_what_is_served_and_tells_the_whole_contract() {
    let system = System::start().await;
    for (service, names) in named(&system) {
        for (listed, files) in
            [reflected!(v1, channel(&system, service), names), reflected!(v1alpha, channel(&system, service), names)]
        {
            let own: BTreeSet<_> =
                listed.iter().map(String::as_str).filter(|name| !name.starts_with("grpc.")).collect();
            assert_eq!(own, names.iter().copied().collect());
            assert!(listed.contains("grpc.health.v1.Health"));
            assert_same_contract(files, names);
        }
    }
}

#[tokio::test]
async fn the_metrics_of_auth_service_tell_how_its_feed_is() {
    let system = System::start().await;
    let probes = system.auth.probes;
    let figure = async |name: &str| -> f64 {
        let metrics = get(probes, "/metrics").await.unwrap().1;
        metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).expect(name)
    };
    eventually("todo-service follows", async || figure("feed_streams").await >= 1.0).await;
    // Registered, logged in.
    system.user("alice").await;
    eventually("the head is told", async || figure("feed_head").await >= 2.0).await;
    assert!((0.0..10.0).contains(&figure("feed_age_seconds").await));
    assert!((0.0..10.0).contains(&figure("feed_lag_seconds").await));
}

#[tokio::test]
async fn probes_answer_and_metrics_count_each_call() {
    let system = System::start().await;
    for (service, _) in named(&system) {
        assert_eq!(get(service.probes, "/livez").await.unwrap().0, 200);
        eventually("ready", async || get(service.probes, "/readyz").await.unwrap().0 == 200).await;
        assert_eq!(get(service.probes, "/nothing").await.unwrap().0, 404);
        let counted = "grpc_server_handled_total{method=\"/grpc.health.v1.Health/Check\",code=\"OK\"}";
        let timed = "grpc_server_handling_seconds_count{method=\"/grpc.health.v1.Health/Check\"}";
        let mut health = HealthClient::new(channel(&system, service));
        for calls in [1, 2] {
            health.check(HealthCheckRequest::default()).await.unwrap();
            assert_eq!(count(service.probes, counted).await, calls);
            assert_eq!(count(service.probes, timed).await, calls);
        }
    }
}
