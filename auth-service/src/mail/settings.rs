//! Who mail is from, and which way it goes.

use std::path::PathBuf;

use lettre::message::Mailbox;

use super::LinkBase;

/// How mail is written and sent.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Mail")]
pub struct Settings {
    /// Who mail is from: an address, or `Name <address>`
    #[arg(long, env = "MAIL_FROM")]
    pub mail_from: Mailbox,
    /// URL that the links in mail begin with: https, or http to localhost. What follows is
    /// `/reset-password#token=…` or `/verify-email#token=…`
    #[arg(long, env = "MAIL_LINK_BASE")]
    pub mail_link_base: LinkBase,
    /// Directory that mail is written to, a file each, instead of being sent: for development
    #[arg(long, env = "MAIL_DIRECTORY", required_unless_present = "smtp_host", conflicts_with = "smtp_host")]
    pub mail_directory: Option<PathBuf>,
    /// Host of the SMTP server that mail is sent by; its certificate must name it
    #[arg(long, env = "SMTP_HOST")]
    pub smtp_host: Option<String>,
    /// Port of the SMTP server [default: 587 with STARTTLS, 465 with TLS]
    #[arg(long, env = "SMTP_PORT")]
    pub smtp_port: Option<u16>,
    /// When TLS begins on the connection to the SMTP server; mail never goes without
    #[arg(long, env = "SMTP_TLS", value_enum, default_value_t = SmtpTls::Starttls)]
    pub smtp_tls: SmtpTls,
    /// Name to log in to the SMTP server by
    #[arg(long, env = "SMTP_USERNAME", requires = "smtp_password_file")]
    pub smtp_username: Option<String>,
    /// File with the password to log in to the SMTP server by, one line
    #[arg(long, env = "SMTP_PASSWORD_FILE", requires = "smtp_username")]
    pub smtp_password_file: Option<PathBuf>,
    /// PEM file of the CAs that the SMTP server's certificate may come from [default: the system's]
    #[arg(long, env = "SMTP_CA")]
    pub smtp_ca: Option<PathBuf>,
}

/// When TLS begins on the connection to an SMTP server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SmtpTls {
    /// By STARTTLS, before anything is said that matters; a server without it gets nothing.
    Starttls,
    /// At once.
    Tls,
}
