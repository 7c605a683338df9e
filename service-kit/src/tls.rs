//! TLS at its one home: 1.3 only, both sides with a certificate, no resumption (rustls copies the client's chain from
//! the ticket: an expired or revoked certificate would come back in), files watched and swapped live.

mod client;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};

pub use self::client::channel;
pub use self::watch::Reloading;

const CERTIFICATE: &str = "certificate";

/// The files of a service's identity.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "TLS")]
pub struct Settings {
    /// PEM file of this service's certificate chain, leaf first
    #[arg(long, env = "TLS_CERTIFICATE")]
    pub tls_certificate: PathBuf,
    /// PEM file of the certificate's key
    #[arg(long, env = "TLS_KEY")]
    pub tls_key: PathBuf,
    /// PEM file of the CAs whose certificates are accepted, from clients and from servers
    #[arg(long, env = "TLS_CLIENT_CA")]
    pub tls_client_ca: PathBuf,
    /// PEM file of certificate revocation lists, one of each CA; where it is set, a CA whose list is missing or out of date is refused
    #[arg(long, env = "TLS_CRL")]
    pub tls_crl: Option<PathBuf>,
}

/// Why an identity cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is missing, unreadable, or not PEM of the right kind.
    #[error("{0}: {1}")]
    File(PathBuf, String),
    /// The files do not fit together.
    #[error("the TLS files do not fit together: {0}")]
    Unusable(String),
}

impl Settings {
    fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.tls_certificate, &self.tls_key, &self.tls_client_ca]
            .into_iter()
            .chain(&self.tls_crl)
            .map(PathBuf::as_path)
    }

    fn roots(&self) -> Result<RootCertStore, Error> {
        let mut roots = RootCertStore::empty();
        for authority in pem_items(&self.tls_client_ca, CERTIFICATE)? {
            roots.add(authority).map_err(unusable)?;
        }
        Ok(roots)
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, Error> {
        PrivateKeyDer::from_pem_file(&self.tls_key).map_err(|e| Error::File(self.tls_key.clone(), e.to_string()))
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, Error> {
        pem_items(&self.tls_certificate, CERTIFICATE)
    }

    fn revocations(&self) -> Result<Option<Vec<CertificateRevocationListDer<'static>>>, Error> {
        self.tls_crl.as_deref().map(|path| pem_items(path, "revocation list")).transpose()
    }
}

/// What a server needs for a handshake, and to judge a client again later.
pub struct ServerIdentity {
    /// For the acceptor.
    pub config: Arc<ServerConfig>,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl ServerIdentity {
    /// Loads the files; on failure nothing is changed anywhere.
    pub fn load(settings: &Settings) -> Result<Self, Error> {
        let provider = provider();
        let mut verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(settings.roots()?), Arc::clone(&provider));
        if let Some(revocations) = settings.revocations()? {
            verifier = verifier.with_crls(revocations).enforce_revocation_expiration();
        }
        let verifier = verifier.build().map_err(|e| Error::Unusable(e.to_string()))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(unusable)?
            .with_client_cert_verifier(Arc::clone(&verifier))
            .with_single_cert(settings.chain()?, settings.key()?)
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self { config: Arc::new(config), verifier })
    }

    /// Whether a client with this chain would still be let in: one call covers a CA that was removed, a revocation
    /// list and the certificate's own end.
    #[must_use]
    pub fn still_admits(&self, chain: &[CertificateDer<'static>]) -> bool {
        let Some((leaf, intermediates)) = chain.split_first() else {
            return false;
        };
        self.verifier.verify_client_cert(leaf, intermediates, UnixTime::now()).is_ok()
    }
}

/// aws-lc-rs with rustls's default groups, X25519MLKEM768 first.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// At least one: rustls takes an empty set of revocation lists for the wish not to check.
fn pem_items<T: PemObject>(path: &Path, what: &str) -> Result<Vec<T>, Error> {
    let refused = |why: String| Error::File(path.to_owned(), why);
    let items = T::pem_file_iter(path).and_then(Iterator::collect);
    let items: Vec<T> = items.map_err(|e: pem::Error| refused(e.to_string()))?;
    if items.is_empty() { Err(refused(format!("no {what} in it"))) } else { Ok(items) }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn unusable(error: rustls::Error) -> Error {
    Error::Unusable(error.to_string())
}
