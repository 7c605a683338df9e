//! The server speaks TLS 1.3 and nothing older.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
};

use local_postgres::Cluster;
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, Error, RootCertStore, SupportedProtocolVersion,
    pki_types::{CertificateDer, pem::PemObject as _},
    version::{TLS12, TLS13},
};

/// Asks for TLS as libpq does (`SSLRequest`, protocol documentation section 55.2), then shakes hands.
fn handshake(cluster: &Cluster, version: &'static SupportedProtocolVersion) -> Result<(), std::io::Error> {
    let mut stream = TcpStream::connect(("127.0.0.1", cluster.port()))?;
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47])?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    assert_eq!(&answer, b"S");

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(cluster.certificates().join("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tls = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    while tls.is_handshaking() {
        tls.complete_io(&mut stream)?;
    }
    Ok(())
}

#[tokio::test]
async fn tls_1_2_is_refused() {
    let cluster = Cluster::throwaway().await.unwrap();
    handshake(cluster, &TLS13).unwrap();
    let refusal = handshake(cluster, &TLS12).unwrap_err();
    let alert = refusal.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
    assert_eq!(alert, Some(&Error::AlertReceived(AlertDescription::ProtocolVersion)));
}
