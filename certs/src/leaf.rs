//! What a leaf says, and what comes back when an authority has signed it.

use std::net::IpAddr;

use anyhow::Context as _;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, SanType, date_time_ymd,
};
use time::OffsetDateTime;

/// What the holder of a leaf may do with it (extended key usage, RFC 5280 section 4.2.1.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Answer as a server.
    Server,
    /// Call as a client.
    Client,
}

/// The contents of a certificate to be issued.
///
/// The default has no names and no usages and is valid from 2020 to 2120, so that a test states
/// only what it is about.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The subject's common name; Postgres takes it for the role.
    pub common_name: String,
    /// URI names. Our services want exactly one, `spiffe://todo.local/NAME`.
    pub uris: Vec<String>,
    /// DNS names, which a client compares with the host that it calls.
    pub dns: Vec<String>,
    /// IP names.
    pub ips: Vec<IpAddr>,
    /// Extended key usages; with none the extension is left out.
    pub usages: Vec<Usage>,
    /// The first moment of validity.
    pub not_before: OffsetDateTime,
    /// The last moment of validity.
    pub not_after: OffsetDateTime,
}

impl Default for Leaf {
    fn default() -> Self {
        Self {
            common_name: String::new(),
            uris: Vec::new(),
            dns: Vec::new(),
            ips: Vec::new(),
            usages: Vec::new(),
            not_before: date_time_ymd(2020, 1, 1),
            not_after: date_time_ymd(2120, 1, 1),
        }
    }
}

/// A signed certificate and its private key.
#[derive(Clone)]
pub struct Issued {
    /// The certificate, PEM.
    pub cert_pem: String,
    /// The private key, PKCS#8 PEM. Secret.
    pub key_pem: String,
    /// The serial number, big-endian, as a revocation list names it.
    pub serial: Vec<u8>,
}

impl Leaf {
    pub(crate) fn params(&self) -> anyhow::Result<CertificateParams> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.common_name.as_str());
        params.subject_alt_names = self.names()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = self.usages.iter().map(|usage| usage.purpose()).collect();
        params.not_before = self.not_before;
        params.not_after = self.not_after;
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }

    fn names(&self) -> anyhow::Result<Vec<SanType>> {
        let mut names = Vec::new();
        for uri in &self.uris {
            names.push(SanType::URI(uri.as_str().try_into().context("a URI name must be ASCII")?));
        }
        for dns in &self.dns {
            let dns = dns.as_str().try_into().context("a DNS name must be ASCII")?;
            names.push(SanType::DnsName(dns));
        }
        names.extend(self.ips.iter().copied().map(SanType::IpAddress));
        Ok(names)
    }
}

impl Usage {
    fn purpose(self) -> ExtendedKeyUsagePurpose {
        match self {
            Self::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Self::Client => ExtendedKeyUsagePurpose::ClientAuth,
        }
    }
}
