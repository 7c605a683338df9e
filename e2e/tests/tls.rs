//! Who gets a connection: TLS 1.3 with a certificate of ours, and nobody else.

use std::net::SocketAddr;
use std::sync::Arc;

use certs::{Authority, Issued, Leaf, Usage};
use e2e::identities::{Identities, good, is_todo_service};
use e2e::probes::count;
use e2e::raw::frames::{PREFACE, kind};
use e2e::raw::{self, Frames, connect, refusal};
use e2e::refusal::told;
use e2e::settings::Settings;
use e2e::{Client, eventually};
use proto::todo::v1::Todo;
use rustls::client::Resumption;
use rustls::{HandshakeKind, NamedGroup, ServerConfig};
use time::macros::datetime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tonic::{Code, Status};

/// Asserts that a good client is served: whatever happened before has done no harm.
async fn good_client_is_served(to: SocketAddr, identities: &Identities) {
    let http2 = identities.connect(to, &identities.issue(&good("client"))).await;
    assert_eq!(http2.check_health().await.unwrap().status().code(), Code::Ok);
}

/// Asserts that both services answer these certificates with these alerts, and count it.
async fn refuse(identities: &Identities, certificates: &[(&str, Option<Issued>, &str)]) {
    let system = identities.system().await;
    for service in system.services() {
        let to = service.address;
        for (fault, certificate, expected) in certificates {
            let answer = refusal(to, identities.tls(certificate.as_ref())).await;
            assert!(answer.ends_with(expected), "{fault}: {answer}");
        }
        good_client_is_served(to, identities).await;
        let refused = async || count(service.probes, "grpc_server_connections_refused_total").await;
        eventually("each is counted", async || refused().await == certificates.len() as u64).await;
    }
}

#[tokio::test]
async fn who_has_no_certificate_of_our_authority_is_refused() {
    let identities = Identities::new();
    let namesake = Authority::new("the test's own authority").unwrap();
    let own = Issued { cert_pem: namesake.cert_pem().to_owned(), key_pem: namesake.key_pem(), serial: vec![] };
    let foreign = namesake.issue(&good("client")).unwrap();
    refuse(
        &identities,
        &[
            ("no certificate", None, "CertificateRequired"),
            ("signed by itself", Some(own), "CertificateUnknown"),
            ("signed by a namesake of our authority", Some(foreign), "DecryptError"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_certificate_outside_its_time_is_refused() {
    let identities = Identities::new();
    let expired = Leaf { not_after: datetime!(2021-01-01 0:00 UTC), ..good("client") };
    let early = Leaf { not_before: datetime!(2119-01-01 0:00 UTC), ..good("client") };
    let [expired, early] = [expired, early].map(|leaf| Some(identities.issue(&leaf)));
    refuse(&identities, &[("expired", expired, "CertificateExpired"), ("not valid yet", early, "CertificateExpired")])
        .await;
}

#[tokio::test]
async fn a_certificate_that_is_for_something_else_is_refused() {
    let identities = Identities::new();
    let with = |change: fn(&mut Leaf)| {
        let mut leaf = good("client");
        change(&mut leaf);
        Some(identities.issue(&leaf))
    };
    refuse(
        &identities,
        &[
            ("for servers", with(|leaf| leaf.usages = vec![Usage::Server]), "UnsupportedCertificate"),
            ("for nothing in particular", with(|leaf| leaf.usages = vec![]), "closed"),
            ("without a URI", with(|leaf| leaf.uris = vec![]), "closed"),
            ("with two URIs", with(|leaf| leaf.uris.push("spiffe://todo.local/auth-service".to_owned())), "closed"),
            ("of another trust domain", with(|leaf| leaf.uris = vec!["spiffe://x/client".to_owned()]), "closed"),
        ],
    )
    .await;
}

#[tokio::test]
async fn tls_1_2_is_refused() {
    let identities = Identities::new();
    let system = identities.system().await;
    let client = identities.issue(&good("client"));
    for to in system.services().map(|service| service.address) {
        let old = raw::tls_of(&[&rustls::version::TLS12], identities.authority.cert_pem(), Some(&client));
        assert!(refusal(to, old).await.ends_with("ProtocolVersion"));
        good_client_is_served(to, &identities).await;
    }
}

#[tokio::test]
async fn a_session_cannot_be_resumed_so_each_connection_shows_its_certificate() {
    let identities = Identities::new();
    let system = identities.system().await;
    let mut tls = identities.tls(Some(&identities.issue(&good("client"))));
    tls.resumption = Resumption::in_memory_sessions(8);
    for to in system.services().map(|service| service.address) {
        for _ in 0..2 {
            let mut frames = Frames::open(connect(to, tls.clone()).await.unwrap()).await.unwrap();
            frames.next_of(kind::SETTINGS).await.unwrap();
            let (_, connection) = frames.get_ref().get_ref();
            assert_eq!(connection.handshake_kind(), Some(HandshakeKind::Full));
            assert_eq!(connection.tls13_tickets_received(), 0);
        }
    }
}

#[tokio::test]
async fn only_h2_is_spoken() {
    let identities = Identities::new();
    let system = identities.system().await;
    let client = identities.issue(&good("client"));
    for to in system.services().map(|service| service.address) {
        for (offered, answer) in [(vec![b"http/1.1".to_vec()], "NoApplicationProtocol"), (vec![], "closed")] {
            let mut tls = identities.tls(Some(&client));
            tls.alpn_protocols = offered;
            let refusal = refusal(to, tls).await;
            assert!(refusal.ends_with(answer), "{refusal}");
        }
        good_client_is_served(to, &identities).await;
    }
}

#[tokio::test]
async fn who_speaks_without_tls_hears_nothing_of_http() {
    let identities = Identities::new();
    let system = identities.system().await;
    for to in system.services().map(|service| service.address) {
        for greeting in [PREFACE, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", b"\0"] {
            let mut tcp = TcpStream::connect(to).await.unwrap();
            tcp.write_all(greeting).await.unwrap();
            tcp.shutdown().await.unwrap();
            let mut answer = Vec::new();
            // A reset is as good an end as any.
            drop(tcp.read_to_end(&mut answer).await);
            assert!(answer.is_empty() || answer[0] == 21, "more than a TLS alert: {answer:?}");
        }
        good_client_is_served(to, &identities).await;
    }
}

#[tokio::test]
async fn http_1_inside_tls_is_closed() {
    let identities = Identities::new();
    let system = identities.system().await;
    let tls = identities.tls(Some(&identities.issue(&good("client"))));
    for to in system.services().map(|service| service.address) {
        let mut connection = connect(to, tls.clone()).await.unwrap();
        connection.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        drop(connection.read_to_end(&mut answer).await);
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
        good_client_is_served(to, &identities).await;
    }
}

#[tokio::test]
async fn the_key_exchange_with_a_server_of_ours_is_post_quantum() {
    let identities = Identities::new();
    let system = identities.system().await;
    let tls = identities.tls(Some(&identities.issue(&good("client"))));
    for to in system.services().map(|service| service.address) {
        let connection = connect(to, tls.clone()).await.unwrap();
        let group = connection.get_ref().1.negotiated_key_exchange_group().unwrap();
        assert_eq!(group.name(), NamedGroup::X25519MLKEM768);
    }
}

/// A server in the place of auth-service.
struct Impostor {
    address: SocketAddr,
    /// How each handshake with it ended.
    handshakes: mpsc::UnboundedReceiver<Result<NamedGroup, String>>,
}

impl Impostor {
    async fn start(certificate: &Issued) -> Self {
        let config = ServerConfig::builder().with_no_client_auth();
        let chain = vec![raw::certificate(certificate)];
        let mut config = config.with_single_cert(chain, raw::key(certificate)).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (told, handshakes) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let shaken = acceptor.accept(tcp).await;
                let group = |tls: tokio_rustls::server::TlsStream<_>| tls.get_ref().1.negotiated_key_exchange_group();
                let outcome = shaken.map(|tls| group(tls).unwrap().name()).map_err(|error| error.to_string());
                drop(told.send(outcome));
            }
        });
        Self { address, handshakes }
    }
}

/// Starts a system whose todo-service takes an impostor with this certificate for auth-service, and returns how that
/// ended for the impostor and for a user who logs in and makes a todo.
async fn deceive(
    identities: &Identities,
    certificate: &Issued,
    change: impl Fn(Settings) -> Settings,
) -> (Result<NamedGroup, String>, Result<Todo, Status>) {
    let mut impostor = Impostor::start(certificate).await;
    let address = format!("https://{}", impostor.address);
    let to_impostor = |settings| {
        if is_todo_service(&settings) { change(settings).with("AUTH_ADDRESS", address.clone()) } else { settings }
    };
    let system = identities.system_out_of_touch(to_impostor).await;
    let shaken = impostor.handshakes.recv().await.unwrap();
    let channel = |to| e2e::system::channel(identities.directory(), to, "client");
    let anonymous = Client::new(channel(system.auth.address), channel(system.todo.address), None);
    let made = anonymous.sign_up("alice").await.client.create_todo("a todo").await;
    (shaken, made)
}

#[tokio::test]
async fn todo_service_gives_no_impostor_of_auth_service_a_connection() {
    let identities = Identities::new();
    let elsewhere = Authority::new("elsewhere").unwrap().issue(&good("auth-service")).unwrap();
    let client = identities.issue(&Leaf { dns: vec!["client".to_owned()], ..good("client") });
    let former = identities.issue(&Leaf { not_after: datetime!(2021-01-01 0:00 UTC), ..good("auth-service") });
    let revoked = identities.issue(&good("auth-service"));
    identities.write("crl.pem", &identities.authority.revoke(std::slice::from_ref(&revoked.serial)).unwrap());
    for (who, certificate, alert) in [
        ("another authority's auth-service", elsewhere, "UnknownCA"),
        ("a client of ours", client, "BadCertificate"),
        ("a former auth-service", former, "CertificateExpired"),
        ("a revoked auth-service", revoked, "CertificateRevoked"),
    ] {
        let with_list = |settings: Settings| settings.with("TLS_CRL", identities.file("crl.pem"));
        let (shaken, made) = deceive(&identities, &certificate, with_list).await;
        let alerted = shaken.expect_err(who);
        assert!(alerted.ends_with(alert), "{who}: {alerted}");
        assert_eq!(told(&made.expect_err(who)), (Code::Unavailable, "AUTH_UNAVAILABLE".to_owned()), "{who}");
    }
}

#[tokio::test]
async fn todo_service_connects_to_who_has_the_certificate_of_auth_service_and_post_quantum() {
    let identities = Identities::new();
    let certificate = identities.issue(&good("auth-service"));
    let (shaken, _) = deceive(&identities, &certificate, |settings| settings).await;
    assert_eq!(shaken, Ok(NamedGroup::X25519MLKEM768));
}
