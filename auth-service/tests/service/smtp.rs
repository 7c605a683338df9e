//! Mail to a real server: aiosmtpd (PyPI), in a process of its own. Where python3 does not have it the tests say so and do
//! nothing; with REQUIRE_SMTP set, as in CI, they fail then.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use auth_service::mail::{Settings, SmtpTls};
use certs::{Authority, Leaf, Usage};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};

use crate::mailbox::Letter;
use crate::system::{System, registration};

const USERNAME: &str = "todo";
const PASSWORD: &str = "a password of the mail server";

/// An authority, a certificate of `localhost`, and how to log in: what client and server share.
struct Place {
    files: TempDir,
}

impl Place {
    /// None where there is no aiosmtpd.
    async fn new() -> Option<Self> {
        let there = Command::new("python3").args(["-c", "import aiosmtpd.smtp"]).output().await;
        if !there.is_ok_and(|output| output.status.success()) {
            assert!(std::env::var_os("REQUIRE_SMTP").is_none(), "python3 has no aiosmtpd");
            eprintln!("SKIPPED: python3 has no aiosmtpd: pip install aiosmtpd");
            return None;
        }
        log_guard::plant(PASSWORD);
        let place = Self { files: tempfile::tempdir().unwrap() };
        let authority = Authority::new("mail").unwrap();
        let dns = vec!["localhost".to_owned()];
        let server = authority.issue(&Leaf { dns, usages: vec![Usage::Server], ..Leaf::default() }).unwrap();
        for (name, contents) in [
            ("ca.pem", authority.cert_pem()),
            ("other.pem", Authority::new("another").unwrap().cert_pem()),
            ("server.pem", &server.cert_pem),
            ("server.key", &server.key_pem),
            ("password", &format!("{PASSWORD}\n")),
            ("wrong", "another password\n"),
        ] {
            certs::write_private(&place.file(name), contents.as_bytes()).unwrap();
        }
        Some(place)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// A server; port 0 is a free one.
    async fn server(&self, tls: &str, port: u16) -> Server {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/smtp/server.py");
        let mut command = Command::new("python3");
        command.arg(script).args(["--tls", tls, "--port", &port.to_string()]);
        command.args(["--username", USERNAME, "--password", PASSWORD]);
        command.arg("--certificate").arg(self.file("server.pem")).arg("--key").arg(self.file("server.key"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next_line().await.unwrap().expect("it listens").parse().unwrap();
        Server { port, child, lines }
    }

    /// Mail by the server on a port.
    fn settings(&self, system: &System, tls: SmtpTls, port: u16) -> Settings {
        Settings {
            mail_directory: None,
            smtp_host: Some("localhost".to_owned()),
            smtp_port: Some(port),
            smtp_tls: tls,
            smtp_username: Some(USERNAME.to_owned()),
            smtp_password_file: Some(self.file("password")),
            smtp_ca: Some(self.file("ca.pem")),
            ..system.mailbox.settings()
        }
    }
}

/// A mail server.
struct Server {
    port: u16,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// All that was said to it that matters; it ends.
    async fn heard(mut self) -> Vec<Value> {
        drop(self.child.stdin.take());
        let mut heard = Vec::new();
        while let Some(line) = self.lines.next_line().await.unwrap() {
            heard.push(serde_json::from_str(&line).unwrap());
        }
        heard
    }

    /// The mail that it was given; it ends.
    async fn mail(self) -> Vec<Value> {
        self.heard().await.into_iter().filter(|said| said["to"].is_array()).collect()
    }
}

/// Somebody registers with an address, so that mail waits for them.
async fn expects_mail(system: &System, username: &str, email: &str) {
    let request = proto::auth::v1::RegisterRequest { email: email.to_owned(), ..registration(username) };
    system.register(request).await.unwrap();
}

#[tokio::test]
async fn mail_goes_over_tls_to_who_has_the_certificate_and_knows_the_password() {
    let Some(place) = Place::new().await else { return };
    for (tls, begins) in [(SmtpTls::Starttls, "starttls"), (SmtpTls::Tls, "tls")] {
        let (system, server) = (System::start().await, place.server(begins, 0).await);
        expects_mail(&system, "alice", "alice@example.com").await;
        let postman = system.postman_with(place.settings(&system, tls, server.port));
        assert_eq!((postman.deliver().await, system.waiting().await), (1, 0), "{begins}");
        let heard = server.heard().await;
        assert_eq!(heard.len(), 2, "{heard:?}");
        assert_eq!(heard[0]["authenticated"], true);
        assert_eq!((&heard[1]["to"][0], &heard[1]["encrypted"]), (&"alice@example.com".into(), &true.into()));
        let letter = Letter::read("", heard[1]["content"].as_str().unwrap().to_owned());
        system.verify(&letter.token()).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told_nothing() {
    let Some(place) = Place::new().await else { return };
    for tls in [SmtpTls::Starttls, SmtpTls::Tls] {
        let (system, server) = (System::start().await, place.server("none", 0).await);
        expects_mail(&system, "alice", "alice@example.com").await;
        let postman = system.postman_with(place.settings(&system, tls, server.port));
        assert_eq!((postman.deliver().await, system.waiting().await), (1, 1));
        assert_eq!(server.heard().await, Vec::<Value>::new(), "no password and no mail");
    }
}

#[tokio::test]
async fn a_server_of_another_authority_is_told_nothing() {
    let Some(place) = Place::new().await else { return };
    for (tls, begins) in [(SmtpTls::Starttls, "starttls"), (SmtpTls::Tls, "tls")] {
        let (system, server) = (System::start().await, place.server(begins, 0).await);
        expects_mail(&system, "alice", "alice@example.com").await;
        let settings = place.settings(&system, tls, server.port);
        let other = Settings { smtp_ca: Some(place.file("other.pem")), ..settings.clone() };
        let system_roots = Settings { smtp_ca: None, ..settings };
        for settings in [other, system_roots] {
            system.postman_with(settings).deliver().await;
            system.clock.advance(Duration::from_mins(1));
        }
        assert_eq!(system.waiting().await, 1);
        assert_eq!(server.heard().await, Vec::<Value>::new(), "no password and no mail");
    }
}

#[tokio::test]
async fn mail_that_is_put_off_arrives_later_and_once() {
    let Some(place) = Place::new().await else { return };
    let (system, server) = (System::start().await, place.server("starttls", 0).await);
    expects_mail(&system, "alice", "later-alice@example.com").await;
    let postman = system.postman_with(place.settings(&system, SmtpTls::Starttls, server.port));
    assert_eq!((postman.deliver().await, system.waiting().await), (1, 1));
    assert_eq!(postman.deliver().await, 0, "it rests");
    system.clock.advance(Duration::from_secs(5));
    assert_eq!((postman.deliver().await, system.waiting().await), (1, 0));
    system.clock.advance(Duration::from_hours(1));
    assert_eq!(postman.deliver().await, 0);
    assert_eq!(server.mail().await.len(), 1);
}

#[tokio::test]
async fn mail_that_is_refused_is_given_up_and_holds_up_no_other() {
    let Some(place) = Place::new().await else { return };
    let (system, server) = (System::start().await, place.server("starttls", 0).await);
    expects_mail(&system, "alice", "never-alice@example.com").await;
    expects_mail(&system, "bob", "bob@example.com").await;
    let postman = system.postman_with(place.settings(&system, SmtpTls::Starttls, server.port));
    assert_eq!((postman.deliver().await, system.waiting().await), (2, 0));
    let mail = server.mail().await;
    assert_eq!(mail.iter().map(|mail| &mail["to"][0]).collect::<Vec<_>>(), ["bob@example.com"]);
}

#[tokio::test]
async fn mail_waits_for_a_server_that_is_down() {
    let Some(place) = Place::new().await else { return };
    let system = System::start().await;
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    expects_mail(&system, "alice", "alice@example.com").await;
    let postman = system.postman_with(place.settings(&system, SmtpTls::Starttls, port));
    assert_eq!((postman.deliver().await, system.waiting().await), (1, 1));
    let server = place.server("starttls", port).await;
    system.clock.advance(Duration::from_secs(5));
    assert_eq!((postman.deliver().await, system.waiting().await), (1, 0));
    assert_eq!(server.mail().await.len(), 1);
}

#[tokio::test]
async fn mail_waits_for_the_operator_to_mend_the_password() {
    let Some(place) = Place::new().await else { return };
    let (system, server) = (System::start().await, place.server("starttls", 0).await);
    expects_mail(&system, "alice", "alice@example.com").await;
    let good = place.settings(&system, SmtpTls::Starttls, server.port);
    let wrong = Settings { smtp_password_file: Some(place.file("wrong")), ..good.clone() };
    assert_eq!((system.postman_with(wrong).deliver().await, system.waiting().await), (1, 1));
    system.clock.advance(Duration::from_secs(5));
    assert_eq!((system.postman_with(good).deliver().await, system.waiting().await), (1, 0));
    assert_eq!(server.mail().await.len(), 1);
}

#[tokio::test]
async fn a_password_that_others_may_read_is_refused_at_the_start() {
    let Some(place) = Place::new().await else { return };
    let system = System::start().await;
    std::fs::set_permissions(place.file("password"), Permissions::from_mode(0o644)).unwrap();
    let refused = system.try_postman_with(place.settings(&system, SmtpTls::Starttls, 1)).err().unwrap();
    assert!(format!("{refused:#}").contains("chmod 600"), "{refused:#}");
}
