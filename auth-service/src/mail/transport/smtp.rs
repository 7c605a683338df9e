//! A server that mail is sent by (RFC 5321), over TLS alone.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::response::{Category, Severity};
use lettre::transport::smtp::{self, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::Failure;
use crate::mail::{Settings, SmtpTls};

/// How long the server may take for one answer.
const ANSWER: Duration = Duration::from_secs(10);
/// Connections to the server.
const CONNECTIONS: u32 = 4;

/// An SMTP server.
pub(in crate::mail) struct Smtp(AsyncSmtpTransport<Tokio1Executor>);

impl Smtp {
    /// Nothing connects until the first mail.
    pub(super) fn new(settings: &Settings, host: &str) -> anyhow::Result<Self> {
        let parameters = tls(settings, host)?;
        let (tls, port) = match settings.smtp_tls {
            // Required: lettre's `Opportunistic` would go on without, and with it whoever strips the offer.
            SmtpTls::Starttls => (Tls::Required(parameters), smtp::SUBMISSION_PORT),
            SmtpTls::Tls => (Tls::Wrapper(parameters), smtp::SUBMISSIONS_PORT),
        };
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .tls(tls)
            .port(settings.smtp_port.unwrap_or(port))
            .timeout(Some(ANSWER))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS));
        if let (Some(username), Some(file)) = (&settings.smtp_username, &settings.smtp_password_file) {
            server = server.credentials(Credentials::new(username.clone(), password(file)?));
        }
        Ok(Self(server.build()))
    }

    /// Sends a message, and waits until the server has taken it.
    pub(super) async fn send(&self, message: &Message) -> Result<(), Failure> {
        self.0.send(message.clone()).await.map(drop).map_err(|error| failure(&error))
    }
}

fn tls(settings: &Settings, host: &str) -> anyhow::Result<TlsParameters> {
    let mut parameters = TlsParameters::builder(host.to_owned());
    if let Some(file) = &settings.smtp_ca {
        let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let authorities = Certificate::from_pem(&pem).with_context(|| format!("{} is no PEM file", file.display()))?;
        parameters = parameters.certificate_store(CertificateStore::None).add_root_certificate(authorities);
    }
    Ok(parameters.build()?)
}

/// One line, in a file that others cannot read.
fn password(file: &Path) -> anyhow::Result<String> {
    let mode = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.permissions().mode();
    if mode & 0o007 != 0 {
        anyhow::bail!("{} may be read by others than its owner: chmod 600", file.display());
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// What a server says in full may repeat the address: only its code is told. A permanent one whose second digit is 5 is
/// about this mail (RFC 5321, 4.2.1); any other, a refused log-in for one, can be mended by the operator.
fn failure(error: &smtp::Error) -> Failure {
    match error.status() {
        Some(code)
            if code.severity == Severity::PermanentNegativeCompletion && code.category == Category::MailSystem =>
        {
            Failure::Never(format!("the server refused it: {code}"))
        }
        Some(code) => Failure::Later(format!("the server answered {code}")),
        None => Failure::Later(error.to_string()),
    }
}
