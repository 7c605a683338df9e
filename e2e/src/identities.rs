//! An authority of a test's own, and the certificate files of a system under it: to change, to revoke, to make wrong.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use certs::{Authority, Issued, Leaf, TRUST_DOMAIN, Usage};
use local_postgres::Cluster;
use rustls::ClientConfig;
use service_kit::clock::Clock;
use tempfile::TempDir;

use crate::System;
use crate::raw::{self, Http2};
use crate::settings::Settings;

/// A directory with `ca.pem`, and NAME.pem and NAME.key of both services and of `client`.
pub struct Identities {
    /// Signs whatever a test wants.
    pub authority: Authority,
    files: TempDir,
}

impl Identities {
    /// New ones, all good.
    ///
    /// # Panics
    /// When they cannot be written.
    #[must_use]
    pub fn new() -> Self {
        let authority = Authority::new("the test's own authority").expect("an authority");
        let identities = Self { authority, files: tempfile::tempdir().expect("a directory") };
        identities.write("ca.pem", identities.authority.cert_pem());
        for name in ["auth-service", "todo-service", "client"] {
            identities.install(name, &identities.issue(&good(name)));
        }
        identities
    }

    /// Where the files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.files.path()
    }

    /// The path of one, for settings.
    #[must_use]
    pub fn file(&self, name: &str) -> String {
        self.directory().join(name).display().to_string()
    }

    /// A certificate under this authority.
    ///
    /// # Panics
    /// When it cannot be signed.
    #[must_use]
    pub fn issue(&self, leaf: &Leaf) -> Issued {
        self.authority.issue(leaf).expect("a certificate")
    }

    /// Replaces the certificate of `name`: the key first, so that a reader between the two finds no pair and looks again.
    pub fn install(&self, name: &str, issued: &Issued) {
        self.write(&format!("{name}.key"), &issued.key_pem);
        self.write(&format!("{name}.pem"), &issued.cert_pem);
    }

    /// Replaces one file, whole.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, file: &str, contents: &str) {
        certs::write_private(&self.directory().join(file), contents.as_bytes()).expect("written");
    }

    /// TLS of somebody who trusts what `ca.pem` says and has this certificate, or none.
    ///
    /// # Panics
    /// When the file cannot be read.
    #[must_use]
    pub fn tls(&self, certificate: Option<&Issued>) -> ClientConfig {
        let trusted = std::fs::read_to_string(self.directory().join("ca.pem")).expect("authorities");
        raw::tls(&trusted, certificate)
    }

    /// A connection of somebody with this certificate.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn connect(&self, to: SocketAddr, certificate: &Issued) -> Http2 {
        let tls = raw::connect(to, self.tls(Some(certificate))).await.expect("a handshake");
        Http2::open(tls).await.expect("HTTP/2")
    }

    /// The settings of a service with its identity taken from here.
    #[must_use]
    pub fn used_by(&self, settings: Settings) -> Settings {
        let service = if is_todo_service(&settings) { "todo-service" } else { "auth-service" };
        settings
            .with("TLS_CERTIFICATE", self.file(&format!("{service}.pem")))
            .with("TLS_KEY", self.file(&format!("{service}.key")))
            .with("TLS_CLIENT_CA", self.file("ca.pem"))
    }

    /// A system whose services have these identities.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn system(&self) -> System {
        self.system_with(|settings| settings).await
    }

    /// The same with other settings changed too.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn system_with(&self, change: impl Fn(Settings) -> Settings) -> System {
        let cluster = Cluster::throwaway().await.expect("a Postgres server");
        System::configured(cluster, Clock::system(), |settings| change(self.used_by(settings))).await
    }

    /// The same where todo-service need not get to hear auth-service.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn system_out_of_touch(&self, change: impl Fn(Settings) -> Settings) -> System {
        let cluster = Cluster::throwaway().await.expect("a Postgres server");
        System::out_of_touch(cluster, Clock::system(), |settings| change(self.used_by(settings))).await
    }
}

impl Default for Identities {
    fn default() -> Self {
        Self::new()
    }
}

/// Whose settings these are: todo-service alone calls the other.
#[must_use]
pub fn is_todo_service(settings: &Settings) -> bool {
    settings.variables().any(|(name, _)| name == "AUTH_ADDRESS")
}

/// What a certificate of `name` must say to be good for everything, as a client and as a server.
#[must_use]
pub fn good(name: &str) -> Leaf {
    Leaf {
        common_name: name.to_owned(),
        uris: vec![format!("spiffe://{TRUST_DOMAIN}/{name}")],
        dns: vec![name.to_owned(), "localhost".to_owned()],
        ips: vec![Ipv4Addr::LOCALHOST.into()],
        usages: vec![Usage::Server, Usage::Client],
        ..Leaf::default()
    }
}
