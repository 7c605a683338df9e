//! The limits of a connection, read off the wire of both services.

use std::time::Duration;

use certs::Issued;
use e2e::identities::{Identities, good};
use e2e::probes::count;
use e2e::raw::frames::{code, kind};
use e2e::raw::{Frame, Frames, connect, http2, refusal};
use e2e::refusal::told;
use e2e::settings::Settings;
use e2e::system::Service;
use e2e::{Fleet, System, eventually};
use local_postgres::Cluster;
use proto::auth::v1::RefreshTokensRequest;
use proto::todo::v1::{BatchCreateTodosRequest, CreateTodoRequest};
use service_kit::clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tonic::Code;

/// Everybody may call it, and it waits for its message before anything is decided.
const CHECK: &str = "/grpc.health.v1.Health/Check";
/// Long enough for anything on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// A system with these settings, and a client for it.
async fn system(settings: &[(&str, &str)]) -> (Identities, System, Issued) {
    let identities = Identities::new();
    let change = |with: Settings| settings.iter().fold(with, |with, (name, value)| with.with(name, *value));
    let system = identities.system_with(change).await;
    let client = identities.issue(&good("client"));
    (identities, system, client)
}

/// A connection to one service, in frames.
async fn frames(identities: &Identities, service: &Service, client: &Issued) -> Frames<TlsStream<TcpStream>> {
    Frames::open(connect(service.address, identities.tls(Some(client))).await.unwrap()).await.unwrap()
}

/// The numbers that a client may give its streams.
fn streams() -> impl Iterator<Item = u32> {
    (1..).step_by(2)
}

#[tokio::test]
async fn a_connection_is_told_its_limits_first() {
    let (identities, system, client) = system(&[]).await;
    for service in system.services() {
        let mut frames = frames(&identities, service, &client).await;
        let settings = frames.next().await.unwrap();
        assert_eq!(settings.kind, kind::SETTINGS);
        assert_eq!(settings.setting(3), Some(100), "SETTINGS_MAX_CONCURRENT_STREAMS");
        assert_eq!(settings.setting(6), Some(16_384), "SETTINGS_MAX_HEADER_LIST_SIZE");
    }
}

#[tokio::test]
async fn the_101st_stream_at_once_is_refused() {
    let (identities, system, client) = system(&[]).await;
    for service in system.services() {
        let mut frames = frames(&identities, service, &client).await;
        let calls: Vec<_> = streams().take(101).map(|stream| Frame::call(stream, CHECK)).collect();
        frames.send(&calls).await.unwrap();
        let reset = frames.next_of(kind::RST_STREAM).await.unwrap();
        assert_eq!((reset.stream, reset.code()), (201, code::REFUSED_STREAM));
        frames.send(&[Frame::body(1, &http2::message(b""))]).await.unwrap();
        assert_eq!(frames.next_of(kind::HEADERS).await.unwrap().stream, 1, "those within the limit are served");
    }
}

#[tokio::test]
async fn who_makes_us_reset_more_than_256_streams_is_sent_away() {
    let (identities, system, client) = system(&[]).await;
    for service in system.services() {
        let mut frames = frames(&identities, service, &client).await;
        let mut resets = 0;
        let mut streams = streams().take(300);
        let goaway = loop {
            // A window that overflows is a fault which the server must answer by a reset (RFC 9113, 6.9.1): CVE-2025-8671.
            let stream = streams.next().expect("sent away by now");
            frames
                .send(&[Frame::call(stream, CHECK), Frame::window_update(stream, i32::MAX.unsigned_abs())])
                .await
                .unwrap();
            let answer = loop {
                let frame = frames.next().await.unwrap();
                if matches!(frame.kind, kind::RST_STREAM | kind::GOAWAY) {
                    break frame;
                }
            };
            if answer.kind == kind::GOAWAY {
                break answer;
            }
            assert_eq!((answer.stream, answer.code()), (stream, code::FLOW_CONTROL_ERROR));
            resets += 1;
        };
        assert_eq!(resets, 256);
        assert_eq!(goaway.code(), code::ENHANCE_YOUR_CALM);
        assert_eq!(goaway.debug_data(), "too_many_internal_resets");
    }
}

#[tokio::test]
async fn who_opens_and_resets_streams_in_haste_is_sent_away() {
    let (identities, system, client) = system(&[]).await;
    for service in system.services() {
        let mut frames = frames(&identities, service, &client).await;
        // CVE-2023-44487. In one write, so that they are there before the first is accepted.
        let open_and_reset = |stream| [Frame::call(stream, CHECK), Frame::reset(stream, code::CANCEL)];
        let haste: Vec<_> = streams().take(100).flat_map(open_and_reset).collect();
        frames.send(&haste).await.unwrap();
        let goaway = frames.next_of(kind::GOAWAY).await.unwrap();
        assert_eq!((goaway.code(), goaway.debug_data().as_str()), (code::ENHANCE_YOUR_CALM, "too_many_resets"));
    }
}

#[tokio::test]
async fn headers_of_more_than_16_kib_are_refused_and_the_connection_lives() {
    let (identities, system, client) = system(&[]).await;
    for service in system.services() {
        let connection = identities.connect(service.address, &client).await;
        for (length, status) in
            [(16_000, http::StatusCode::OK), (16_384, http::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)]
        {
            let call = http2::call(CHECK).header("x-long", "x".repeat(length)).body(http2::message(b"")).unwrap();
            assert_eq!(connection.send(call).await.unwrap().http, status, "{length}");
        }
        assert_eq!(connection.check_health().await.unwrap().status().code(), Code::Ok);
    }
}

#[tokio::test]
async fn a_handshake_that_stalls_is_closed() {
    let (identities, system, client) = system(&[("HANDSHAKE_MS", "300")]).await;
    for service in system.services() {
        // Nothing, the first byte, the head of a record whose rest never comes.
        for begun in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
            let mut tcp = TcpStream::connect(service.address).await.unwrap();
            tcp.write_all(begun).await.unwrap();
            let closed = timeout(PATIENCE, tcp.read_to_end(&mut Vec::new())).await;
            assert!(closed.is_ok(), "still open after {begun:?}");
        }
        let connection = identities.connect(service.address, &client).await;
        assert_eq!(connection.check_health().await.unwrap().status().code(), Code::Ok);
    }
}

#[tokio::test]
async fn a_handshake_that_stalls_does_not_delay_the_end() {
    let (_identities, system, _) = system(&[("HANDSHAKE_MS", "60000"), ("DRAIN_SECONDS", "30")]).await;
    for service in [system.auth, system.todo] {
        let mut silent = TcpStream::connect(service.address).await.unwrap();
        // The connection after it has been taken, so it has been taken too.
        TcpStream::connect(service.address).await.unwrap().shutdown().await.unwrap();
        timeout(PATIENCE, service.stop()).await.expect("it ends").unwrap();
        drop(silent.read(&mut [0]).await);
    }
}

#[tokio::test]
async fn a_peer_gets_its_number_of_connections_and_another_peer_its_own() {
    let (identities, system, client) = system(&[("MAX_CONNECTIONS_PER_PEER", "2")]).await;
    let gateway = identities.issue(&good("gateway"));
    for service in system.services() {
        let to = service.address;
        let connections = [identities.connect(to, &client).await, identities.connect(to, &client).await];
        for connection in &connections {
            connection.check_health().await.unwrap();
        }
        // Another certificate of the same name is the same peer.
        let twin = identities.issue(&good("client"));
        assert_eq!(refusal(to, identities.tls(Some(&twin))).await, "closed");
        assert_eq!(refusal(to, identities.tls(Some(&gateway))).await, "served");
        drop(connections);
        eventually("the places are free again", async || refusal(to, identities.tls(Some(&twin))).await == "served")
            .await;
    }
}

#[tokio::test]
async fn connections_beyond_the_number_of_all_are_refused_and_counted() {
    let (identities, system, client) = system(&[("MAX_CONNECTIONS", "3")]).await;
    // To todo-service; auth-service has a connection that is not ours.
    let (to, probes) = (system.todo.address, system.todo.probes);
    let mut connections = Vec::new();
    for _ in 0..3 {
        let connection = identities.connect(to, &client).await;
        connection.check_health().await.unwrap();
        connections.push(connection);
    }
    assert_ne!(refusal(to, identities.tls(Some(&client))).await, "served");
    let refused = async || count(probes, "grpc_server_connections_refused_total").await;
    eventually("it is counted", async || refused().await > 0).await;
    connections.pop();
    eventually("a place is free again", async || refusal(to, identities.tls(Some(&client))).await == "served").await;
}

#[tokio::test]
async fn a_connection_is_pinged_and_closed_when_it_does_not_answer() {
    let (identities, system, client) = system(&[("KEEPALIVE_SECONDS", "1"), ("KEEPALIVE_TIMEOUT_SECONDS", "1")]).await;
    for service in system.services() {
        let mut frames = frames(&identities, service, &client).await;
        let first = frames.next_of(kind::PING).await.unwrap();
        frames.send(&[first.acknowledged()]).await.unwrap();
        frames.next_of(kind::PING).await.expect("alive, because it answered");
        frames.next_of(kind::GOAWAY).await.expect("sent away, because it does not answer");
    }
}

#[tokio::test]
async fn one_address_makes_a_hundred_calls_without_a_token_at_once() {
    let default = |settings: Settings| {
        let is_auth = settings.variables().all(|(name, _)| name != "AUTH_ADDRESS");
        if is_auth { settings.with("ADDRESS_BURST", "100") } else { settings }
    };
    let system = System::configured(Cluster::throwaway().await.unwrap(), Clock::system(), default).await;
    let mut client = system.anonymous();
    let mut made = 0;
    let refused = loop {
        let request = RefreshTokensRequest { refresh_token: "none of ours".to_owned() };
        match told(&client.auth.refresh_tokens(request).await.unwrap_err()) {
            (Code::Unauthenticated, _) => made += 1,
            refused => break refused,
        }
    };
    assert_eq!(refused, (Code::ResourceExhausted, "ADDRESS_THROTTLED".to_owned()));
    assert!(made >= 100, "{made}");
}

#[tokio::test]
async fn half_a_million_elements_of_a_batch_are_refused_before_they_take_memory() {
    let fleet = Fleet::start(1).await.unwrap();
    fleet.heard().await;
    let mut alice = fleet.client(0, 0).sign_up("alice").await;
    let batch = |elements| BatchCreateTodosRequest {
        parent: "lists/-".to_owned(),
        requests: vec![CreateTodoRequest::default(); elements],
        ..Default::default()
    };
    // Two bytes each: a little less than the mebibyte that such a message may have.
    let (one, many) = (batch(1), batch(520_000));
    alice.client.todos.batch_create_todos(one).await.unwrap_err();
    let before = fleet.todo[0].peak_memory();
    for _ in 0..4 {
        let refused = alice.client.todos.batch_create_todos(many.clone()).await.unwrap_err();
        assert_eq!(told(&refused), (Code::InvalidArgument, "FIELD_INVALID".to_owned()), "{refused:?}");
    }
    let grown = fleet.todo[0].peak_memory().zip(before).map(|(after, before)| after - before);
    println!("520,000 elements: {grown:?} KiB more at the peak");
    // Decoded they would be hundreds of mebibytes.
    assert!(grown.is_none_or(|grown| grown < 16 * 1024), "{grown:?} KiB more");
}
