//! Whom a certificate names: one URI, byte for byte, for use as a client.

use certs::{Authority, Leaf, Usage};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use service_kit::peer::{NoPeer, Peer};

fn peer(uris: &[&str], usages: &[Usage]) -> Result<Peer, NoPeer> {
    let leaf =
        Leaf { uris: uris.iter().map(ToString::to_string).collect(), usages: usages.to_vec(), ..Leaf::default() };
    let issued = Authority::new("test").unwrap().issue(&leaf).unwrap();
    Peer::from_certificate(&CertificateDer::from_pem_slice(issued.cert_pem.as_bytes()).unwrap())
}

#[test]
fn the_name_is_the_path_of_the_only_uri() {
    let peer = peer(&["spiffe://todo.local/todo-service"], &[Usage::Client]).unwrap();
    assert_eq!(&*peer.name, "todo-service");
}

#[test]
fn two_uris_name_nobody() {
    let both = ["spiffe://todo.local/client", "spiffe://todo.local/todo-service"];
    assert_eq!(peer(&both, &[Usage::Client]), Err(NoPeer::UriNames(2)));
    assert_eq!(peer(&[], &[Usage::Client]), Err(NoPeer::UriNames(0)));
}

#[test]
fn a_uri_that_differs_in_any_way_is_foreign() {
    for uri in [
        "spiffe://x/todo-service",
        "spiffe://todo.local",
        "spiffe://todo.local/",
        "SPIFFE://todo.local/todo-service",
        "spiffe://TODO.local/todo-service",
        "spiffe://todo.local/Todo-service",
        "spiffe://todo.local/a/todo-service",
        "spiffe://todo.local/todo-service/",
        "spiffe://todo.local/todo-service?x",
        "spiffe://todo.local/%74odo-service",
        "spiffe://todo.local.evil/todo-service",
        "https://todo.local/todo-service",
    ] {
        assert_eq!(peer(&[uri], &[Usage::Client]), Err(NoPeer::Foreign(uri.to_owned())), "{uri}");
    }
}

#[test]
fn a_certificate_that_is_not_for_clients_names_nobody() {
    let uri = ["spiffe://todo.local/todo-service"];
    assert_eq!(peer(&uri, &[Usage::Server]), Err(NoPeer::NotForClients));
    assert_eq!(peer(&uri, &[]), Err(NoPeer::NotForClients), "no extended key usage at all");
}
