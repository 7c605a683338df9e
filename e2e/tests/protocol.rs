//! What is not quite gRPC: refused with a reason and without harm to the connection.

use bytes::Bytes;
use certs::Issued;
use e2e::System;
use e2e::identities::{Identities, good};
use e2e::raw::{Answer, Http2, http2};
use e2e::refusal::told;
use e2e::system::Service;
use http::{Request, StatusCode};
use tonic::Code;
use tonic_types::StatusExt;

const CHECK: &str = "/grpc.health.v1.Health/Check";
const GET_JWKS: &str = "/auth.v1.AuthService/GetJwks";

/// A system with one setting of its own, perhaps too small for the feed between the services, and a client for it.
async fn system(setting: Option<(&str, &str)>) -> (Identities, System, Issued) {
    let identities = Identities::new();
    let system = identities.system_out_of_touch(|settings| match setting {
        Some((name, value)) => settings.with(name, value),
        None => settings,
    });
    let (system, client) = (system.await, identities.issue(&good("client")));
    (identities, system, client)
}

/// Sends a request, and asserts that the connection still serves.
async fn answer(identities: &Identities, service: &Service, client: &Issued, request: Request<Bytes>) -> Answer {
    let connection: Http2 = identities.connect(service.address, client).await;
    let answer = connection.send(request).await.unwrap();
    assert_eq!(connection.check_health().await.unwrap().status().code(), Code::Ok);
    answer
}

#[tokio::test]
async fn a_request_that_is_not_grpc_is_refused_as_http_refuses() {
    let (identities, system, client) = system(None).await;
    let method = |method: &str| http2::call(CHECK).method(method);
    let content = |types: &[&str]| {
        let call = Request::builder().method("POST").uri(format!("https://localhost{CHECK}")).header("te", "trailers");
        types.iter().fold(call, |call, content| call.header("content-type", *content))
    };
    for service in system.services() {
        for (request, status) in [
            (method("GET"), StatusCode::METHOD_NOT_ALLOWED),
            (method("PUT"), StatusCode::METHOD_NOT_ALLOWED),
            (method("OPTIONS"), StatusCode::METHOD_NOT_ALLOWED),
            (content(&[]), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (content(&["application/json"]), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (content(&["application/grpc-web"]), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (content(&["application/grpc+json"]), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (content(&["application/grpc", "application/json"]), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ] {
            let context = format!("{request:?}");
            let answer = answer(&identities, service, &client, request.body(http2::message(b"")).unwrap()).await;
            assert_eq!(answer.http, status, "{context}");
            assert_eq!(told(&answer.status()).1, "MESSAGE_MALFORMED", "{context}");
            assert!(answer.headers.contains_key("x-request-id"), "{context}");
        }
    }
}

#[tokio::test]
async fn both_names_of_the_content_are_taken() {
    let (identities, system, client) = system(None).await;
    for content in ["application/grpc", "application/grpc+proto"] {
        let mut request = http2::grpc(CHECK, http2::message(b""));
        request.headers_mut().insert("content-type", content.parse().unwrap());
        let answer = answer(&identities, &system.auth, &client, request).await;
        assert_eq!(answer.status().code(), Code::Ok, "{content}");
    }
}

/// gRPC has clients send `te: trailers` to find out proxies that drop it. There are none inside mutual TLS, and nothing
/// depends on it.
#[tokio::test]
async fn a_call_without_te_is_served() {
    let (identities, system, client) = system(None).await;
    let mut request = http2::grpc(CHECK, http2::message(b""));
    request.headers_mut().remove("te");
    assert_eq!(answer(&identities, &system.todo, &client, request).await.status().code(), Code::Ok);
}

#[tokio::test]
async fn a_body_without_a_whole_message_is_malformed() {
    let (identities, system, client) = system(None).await;
    for (fault, body) in [
        ("no message", Bytes::new()),
        ("half a prefix", Bytes::from_static(&[0, 0, 0])),
        ("more promised than sent", http2::framed(0, 100, b"short")),
        ("compressed, and no encoding named", http2::framed(1, 0, b"")),
        ("a flag that does not exist", http2::framed(7, 0, b"")),
    ] {
        for service in system.services() {
            let answer = answer(&identities, service, &client, http2::grpc(CHECK, body.clone())).await;
            assert_eq!(told(&answer.status()), (Code::InvalidArgument, "MESSAGE_MALFORMED".to_owned()), "{fault}");
        }
    }
}

#[tokio::test]
async fn a_prefix_that_promises_too_much_is_refused_before_the_rest_is_read() {
    let (identities, system, client) = system(None).await;
    for service in system.services() {
        let request = http2::grpc(CHECK, http2::framed(0, 65_537, b""));
        let status = answer(&identities, service, &client, request).await.status();
        assert_eq!(told(&status), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE".to_owned()));
        assert_eq!(status.get_details_error_info().unwrap().metadata["limit"], "65536");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_has_its_reason_too() {
    let (identities, system, client) = system(Some(("MAX_RESPONSE_BYTES", "64"))).await;
    let answer = answer(&identities, &system.auth, &client, http2::grpc(GET_JWKS, http2::message(b""))).await;
    let status = answer.status();
    assert_eq!(told(&status), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE".to_owned()));
    assert_eq!(status.get_details_error_info().unwrap().metadata["limit"], "64");
    assert!(answer.body.is_empty());
}
