//! Connections as no well-behaved client makes them: any certificate, any protocol version, any frame.

pub mod frames;
pub mod http2;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub use self::frames::{Frame, Frames};
pub use self::http2::{Answer, Http2};

/// TLS as a good client speaks it: 1.3, `h2`, with a certificate. Tests change what is public in it.
///
/// # Panics
/// When the PEM texts are not what they should be.
#[must_use]
pub fn tls(trusted: &str, identity: Option<&certs::Issued>) -> ClientConfig {
    tls_of(&[&rustls::version::TLS13], trusted, identity)
}

/// The same in other versions of TLS.
///
/// # Panics
/// When the PEM texts are not what they should be.
#[must_use]
pub fn tls_of(
    versions: &[&'static SupportedProtocolVersion],
    trusted: &str,
    identity: Option<&certs::Issued>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(trusted.as_bytes()) {
        roots.add(authority.expect("an authority")).expect("an authority");
    }
    let config = ClientConfig::builder_with_protocol_versions(versions).with_root_certificates(roots);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(issued) => config.with_client_auth_cert(vec![certificate(issued)], key(issued)).expect("a pair"),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// The certificate alone.
///
/// # Panics
/// When it is not PEM.
#[must_use]
pub fn certificate(issued: &certs::Issued) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(issued.cert_pem.as_bytes()).expect("a certificate")
}

/// Its key.
///
/// # Panics
/// When it is not PEM.
#[must_use]
pub fn key(issued: &certs::Issued) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).expect("a key")
}

/// Our half of a handshake. In TLS 1.3 it ends before the server has looked at the client's certificate: a refusal shows
/// when something is read.
///
/// # Errors
/// The server's alert, or the connection's end.
pub async fn connect(to: SocketAddr, tls: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(to).await?;
    tcp.set_nodelay(true)?;
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(tls)).connect(name, tcp).await
}

/// How a server refuses: its alert, or `closed`; `served` when it does not.
pub async fn refusal(to: SocketAddr, tls: ClientConfig) -> String {
    let mut tls = match connect(to, tls).await {
        Ok(tls) => tls,
        Err(error) => return error.to_string(),
    };
    // A server that lets us in sends its SETTINGS without being asked.
    match tls.read(&mut [0; 64]).await {
        Ok(0) => "closed".to_owned(),
        Ok(_) => "served".to_owned(),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => "closed".to_owned(),
        Err(error) => error.to_string(),
    }
}
