//! A certificate authority: one key that signs leaves and revocation lists.

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData as _, RevokedCertParams, SerialNumber, date_time_ymd,
};
use time::OffsetDateTime;
use x509_parser::{parse_x509_certificate, pem::parse_x509_pem};

use crate::{Issued, Leaf};

/// A self-signed authority with an ECDSA P-256 key, which may sign leaves (no further
/// authorities: path length 0) and revocation lists, and nothing else.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    cert_pem: String,
}

impl Authority {
    /// A new authority, valid from 2020 to 2120: a test can issue leaves of any age under it.
    pub fn new(name: &str) -> anyhow::Result<Self> {
        Self::valid_between(name, date_time_ymd(2020, 1, 1), date_time_ymd(2120, 1, 1))
    }

    /// A new authority with a validity of its own.
    pub fn valid_between(name: &str, not_before: OffsetDateTime, not_after: OffsetDateTime) -> anyhow::Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = not_before;
        params.not_after = not_after;
        let key = KeyPair::generate().context("cannot make a key")?;
        let cert_pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), cert_pem })
    }

    /// The authority whose certificate and key were stored before.
    ///
    /// # Errors
    /// When one of the two cannot be read, or they do not belong together.
    pub fn load(cert_pem: &str, key_pem: &str) -> anyhow::Result<Self> {
        let key = KeyPair::from_pem(key_pem).context("the authority's key")?;
        let (_, pem) = parse_x509_pem(cert_pem.as_bytes()).context("the authority's PEM")?;
        let (_, cert) = parse_x509_certificate(&pem.contents).context("the authority's DER")?;
        anyhow::ensure!(
            cert.public_key().raw == key.subject_public_key_info(),
            "the authority's key is not the one that its certificate names"
        );
        let issuer = Issuer::from_ca_cert_pem(cert_pem, key)?;
        Ok(Self { issuer, cert_pem: cert_pem.to_owned() })
    }

    /// The certificate that others must trust, PEM.
    #[must_use]
    pub fn cert_pem(&self) -> &str {
        &self.cert_pem
    }

    /// The signing key, PKCS#8 PEM. Secret.
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Signs `leaf` for a fresh ECDSA P-256 key.
    pub fn issue(&self, leaf: &Leaf) -> anyhow::Result<Issued> {
        let key = KeyPair::generate().context("cannot make a key")?;
        let cert = leaf.params()?.signed_by(&key, &self.issuer)?;
        let (_, parsed) = parse_x509_certificate(cert.der()).context("our own certificate")?;
        Ok(Issued { serial: parsed.raw_serial().to_vec(), cert_pem: cert.pem(), key_pem: key.serialize_pem() })
    }

    /// A revocation list that names `serials`, PEM, valid as long as [`Authority::new`] is.
    pub fn revoke(&self, serials: &[Vec<u8>]) -> anyhow::Result<String> {
        self.revoke_between(serials, date_time_ymd(2020, 1, 1), date_time_ymd(2120, 1, 1))
    }

    /// A revocation list with dates of its own, for the tests of expired lists.
    ///
    /// # Errors
    /// When `next_update` is not after `this_update`.
    pub fn revoke_between(
        &self,
        serials: &[Vec<u8>],
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
    ) -> anyhow::Result<String> {
        let revoked = |serial: &Vec<u8>| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: this_update,
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update,
            next_update,
            // RFC 5280 section 5.2.3 wants the number to grow; the issue time does.
            crl_number: this_update.unix_timestamp().unsigned_abs().into(),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.issuer)?.pem()?)
    }
}
