//! Identities change while the services run: certificates, authorities and revocation lists are files that are followed,
//! and every open connection is judged again.

use std::net::SocketAddr;
use std::time::Duration;

use certs::{Authority, Leaf};
use e2e::eventually;
use e2e::identities::{Identities, good};
use e2e::probes::count;
use e2e::raw::frames::{code, kind};
use e2e::raw::{self, Frames, Http2, connect, refusal};
use e2e::settings::Settings;
use rustls::pki_types::CertificateDer;
use service_kit::clock::Clock;
use time::macros::datetime;
use tokio::time::timeout;
use tonic::Code;

const NAMES: [&str; 2] = ["auth-service", "todo-service"];
const REFUSED: &str = "tls_reloads_total{outcome=\"refused\"}";

/// The certificate that a new connection is shown.
async fn shown(identities: &Identities, to: SocketAddr) -> CertificateDer<'static> {
    let tls = connect(to, identities.tls(Some(&identities.issue(&good("client"))))).await.unwrap();
    tls.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

async fn goes_on(http2: &Http2) {
    assert_eq!(http2.check_health().await.expect("the connection goes on").status().code(), Code::Ok);
}

async fn is_cut(http2: Http2) {
    drop(timeout(Duration::from_secs(10), http2.ended()).await.expect("the connection is cut"));
}

#[tokio::test]
async fn a_new_certificate_is_for_new_connections_and_old_ones_go_on() {
    let identities = Identities::new();
    let system = identities.system().await;
    for (service, name) in system.services().into_iter().zip(NAMES) {
        let old = identities.connect(service.address, &identities.issue(&good("client"))).await;
        goes_on(&old).await;
        let renewed = identities.issue(&good(name));
        identities.install(name, &renewed);
        let renewed = raw::certificate(&renewed);
        eventually("the new certificate is shown", async || shown(&identities, service.address).await == renewed).await;
        goes_on(&old).await;
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_counted_and_changes_nothing() {
    let identities = Identities::new();
    let system = identities.system().await;
    let client = identities.issue(&good("client"));
    for (service, name) in system.services().into_iter().zip(NAMES) {
        let before = shown(&identities, service.address).await;
        let old = identities.connect(service.address, &client).await;
        for nonsense in ["nonsense", "", &identities.issue(&good(name)).cert_pem] {
            let counted = count(service.probes, REFUSED).await;
            identities.write(&format!("{name}.pem"), nonsense);
            eventually("it is counted", async || count(service.probes, REFUSED).await > counted).await;
            assert_eq!(shown(&identities, service.address).await, before);
            goes_on(&old).await;
        }
    }
}

#[tokio::test]
async fn authorities_overlap_and_when_one_is_removed_its_connections_are_cut() {
    let (identities, next) = (Identities::new(), Authority::new("the next authority").unwrap());
    let system = identities.system().await;
    let (of_old, of_next) = (identities.issue(&good("client")), next.issue(&good("client")).unwrap());
    identities.write("ca.pem", &format!("{}{}", identities.authority.cert_pem(), next.cert_pem()));
    for name in NAMES {
        identities.install(name, &next.issue(&good(name)).unwrap());
    }
    let mut connections = Vec::new();
    for to in system.services().map(|service| service.address) {
        let served = async || refusal(to, identities.tls(Some(&of_next))).await == "served";
        eventually("the next authority's clients are served", served).await;
        let both = (identities.connect(to, &of_old).await, identities.connect(to, &of_next).await);
        goes_on(&both.0).await;
        goes_on(&both.1).await;
        connections.push((to, both));
    }
    identities.write("ca.pem", next.cert_pem());
    for (to, (old, new)) in connections {
        is_cut(old).await;
        goes_on(&new).await;
        assert!(refusal(to, identities.tls(Some(&of_old))).await.ends_with("UnknownCA"));
    }
}

#[tokio::test]
async fn a_revoked_client_is_cut_and_refused_and_no_other_is_touched() {
    let identities = Identities::new();
    identities.write("crl.pem", &identities.authority.revoke(&[]).unwrap());
    let list = identities.file("crl.pem");
    let system = identities.system_with(|settings| settings.with("TLS_CRL", &list)).await;
    let [thief, other] = [(); 2].map(|()| identities.issue(&good("client")));
    let mut connections = Vec::new();
    for to in system.services().map(|service| service.address) {
        let both = (identities.connect(to, &thief).await, identities.connect(to, &other).await);
        goes_on(&both.0).await;
        goes_on(&both.1).await;
        connections.push((to, both));
    }
    identities.write("crl.pem", &identities.authority.revoke(std::slice::from_ref(&thief.serial)).unwrap());
    for (to, (thiefs, others)) in connections {
        is_cut(thiefs).await;
        goes_on(&others).await;
        assert!(refusal(to, identities.tls(Some(&thief))).await.ends_with("CertificateRevoked"));
        assert_eq!(refusal(to, identities.tls(Some(&other))).await, "served");
    }
}

#[tokio::test]
async fn a_revocation_list_that_is_out_of_date_or_of_another_authority_refuses_everybody() {
    let identities = Identities::new();
    let (start, end) = (datetime!(2020-01-01 0:00 UTC), datetime!(2021-01-01 0:00 UTC));
    let stale = identities.authority.revoke_between(&[], start, end).unwrap();
    let foreign = Authority::new("elsewhere").unwrap().revoke(&[]).unwrap();
    for list in [stale, foreign] {
        identities.write("crl.pem", &list);
        let with_list = |settings: Settings| settings.with("TLS_CRL", identities.file("crl.pem"));
        let system = identities.system_out_of_touch(with_list).await;
        for to in system.services().map(|service| service.address) {
            let client = identities.issue(&good("client"));
            let answer = refusal(to, identities.tls(Some(&client))).await;
            assert!(answer.starts_with("received fatal alert"), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_connection_ends_in_order_when_its_certificate_does() {
    let (identities, clock) = (Identities::new(), Clock::system());
    let system = identities.system().await;
    // Certificates count whole seconds.
    let end = clock.now().replace_nanosecond(0).unwrap() + time::Duration::seconds(3);
    let short = identities.issue(&Leaf { not_after: end, ..good("client") });
    let mut connections = Vec::new();
    for to in system.services().map(|service| service.address) {
        let mut frames = Frames::open(connect(to, identities.tls(Some(&short))).await.unwrap()).await.unwrap();
        frames.next_of(kind::SETTINGS).await.expect("served");
        connections.push((to, frames));
    }
    for (to, mut frames) in connections {
        let goaway = frames.next_of(kind::GOAWAY).await.unwrap();
        assert!(clock.now() > end, "too early");
        assert_eq!(goaway.code(), code::NO_ERROR);
        assert!(refusal(to, identities.tls(Some(&short))).await.ends_with("CertificateExpired"));
    }
}
