//! Who is at the other end of the connection, as its certificate proves. Mutual TLS proves who calls; the access rules
//! say what that peer may do.

mod thumbprint;

use std::net::IpAddr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use tonic::{Request, Status};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

pub use self::thumbprint::{NotAThumbprint, Thumbprint};
use crate::status::internal;

/// The trust domain of every identity (SPIFFE ID, section 2.1).
pub const TRUST_DOMAIN: &str = "spiffe://todo.local/";
/// Longest name of a peer, in bytes.
const MAX_NAME: usize = 64;

/// A peer, read once from a certificate that the handshake has verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The path of its SPIFFE ID: `todo-service` for `spiffe://todo.local/todo-service`.
    pub name: Arc<str>,
    /// When its certificate ends, and with it the connection.
    pub not_after: OffsetDateTime,
    /// Which certificate it is: tokens can be bound to it.
    pub certificate: Thumbprint,
}

/// The address at the other end of the connection. In a call's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteAddress(pub IpAddr);

/// Why a certificate names no peer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPeer {
    /// The client sent none, or one that cannot be read.
    #[error("no readable certificate")]
    Unreadable,
    /// It must have exactly one URI name: with two, two readers may choose differently.
    #[error("the certificate has {0} URI names, not one")]
    UriNames(usize),
    /// Its URI is not `spiffe://todo.local/NAME`, byte for byte.
    #[error("the certificate's URI {0:?} is not of this trust domain")]
    Foreign(String),
    /// It is not for use as a client. rustls accepts a certificate without any extended key usage; we do not.
    #[error("the certificate is not for client authentication")]
    NotForClients,
}

impl Peer {
    /// Reads the leaf certificate of a verified chain.
    pub fn from_certificate(der: &CertificateDer<'_>) -> Result<Self, NoPeer> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| NoPeer::Unreadable)?;
        let usage = certificate.extended_key_usage().ok().flatten();
        if !usage.is_some_and(|usage| usage.value.client_auth) {
            return Err(NoPeer::NotForClients);
        }
        let name = name_in(only_uri(&certificate)?)?;
        Ok(Self { name, not_after: certificate.validity().not_after.to_datetime(), certificate: Thumbprint::of(der) })
    }

    /// The peer behind a request. Its absence is a fault of ours: the access layer lets nobody pass without one.
    pub fn of<T>(request: &Request<T>) -> Result<&Self, Status> {
        #[derive(Debug, thiserror::Error)]
        #[error("a request has no peer")]
        struct Missing;
        request.extensions().get().ok_or_else(|| internal(&Missing))
    }
}

fn only_uri<'a>(certificate: &'a X509Certificate<'_>) -> Result<&'a str, NoPeer> {
    let names = certificate.subject_alternative_name().map_err(|_| NoPeer::Unreadable)?;
    let names = names.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let mut uris = names.iter().filter_map(|name| if let GeneralName::URI(uri) = name { Some(*uri) } else { None });
    match (uris.next(), uris.count()) {
        (Some(uri), 0) => Ok(uri),
        (first, more) => Err(NoPeer::UriNames(usize::from(first.is_some()) + more)),
    }
}

fn name_in(uri: &str) -> Result<Arc<str>, NoPeer> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    uri.strip_prefix(TRUST_DOMAIN)
        .filter(|name| (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(allowed))
        .map(Arc::from)
        .ok_or_else(|| NoPeer::Foreign(uri.to_owned()))
}
