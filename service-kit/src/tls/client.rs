//! A channel to another service over mutual TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use super::{Error, Settings, provider, unusable};

/// A channel that connects when it is first used and again whenever it must, each time with the files as they are then.
///
/// `address` is `https://HOST:PORT`; `server` is the DNS name that the server's certificate must carry.
pub fn channel(settings: &Settings, address: &Uri, server: &str) -> Result<Channel, Error> {
    let name = ServerName::try_from(server.to_owned()).map_err(|e| Error::Unusable(e.to_string()))?;
    config(settings)?;
    let settings = settings.clone();
    let endpoint = Endpoint::from(address.clone())
        .connect_timeout(Duration::from_secs(2))
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .keep_alive_while_idle(true);
    Ok(endpoint.connect_with_connector_lazy(service_fn(move |to: Uri| {
        let (settings, name) = (settings.clone(), name.clone());
        async move { connect(&settings, &to, name).await.map(TokioIo::new) }
    })))
}

async fn connect(settings: &Settings, to: &Uri, name: ServerName<'static>) -> io::Result<TlsStream<TcpStream>> {
    let host = to.host().ok_or_else(|| io::Error::other("the address has no host"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let tcp = TcpStream::connect((host, to.port_u16().unwrap_or(443))).await?;
    tcp.set_nodelay(true)?;
    let config = config(settings).map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

fn config(settings: &Settings) -> Result<ClientConfig, Error> {
    let mut verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(settings.roots()?), provider());
    if let Some(revocations) = settings.revocations()? {
        verifier = verifier.with_crls(revocations).enforce_revocation_expiration();
    }
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(unusable)?
        .with_webpki_verifier(verifier.build().map_err(|e| Error::Unusable(e.to_string()))?)
        .with_client_auth_cert(settings.chain()?, settings.key()?)
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}
