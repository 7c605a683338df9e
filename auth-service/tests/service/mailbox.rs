//! Where mail arrives: a directory, read as a person reads mail.

use std::path::PathBuf;
use std::sync::Arc;

use auth_service::mail::{Postman, Settings, SmtpTls};
use service_kit::postgres::Database;
use tempfile::TempDir;

use crate::system::{System, secret};

/// Who mail is from.
pub(crate) const FROM: &str = "Todo <todo@todo.example>";
/// What links begin with.
pub(crate) const LINKS: &str = "https://todo.example/app/";

/// A directory of its own.
#[derive(Clone)]
pub(crate) struct Mailbox(Arc<TempDir>);

impl Default for Mailbox {
    fn default() -> Self {
        Self(Arc::new(tempfile::tempdir().unwrap()))
    }
}

impl Mailbox {
    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("mail")
    }

    /// Mail into this directory.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            mail_from: FROM.parse().unwrap(),
            mail_link_base: LINKS.parse().unwrap(),
            mail_directory: Some(self.path()),
            smtp_host: None,
            smtp_port: None,
            smtp_tls: SmtpTls::Starttls,
            smtp_username: None,
            smtp_password_file: None,
            smtp_ca: None,
        }
    }

    /// Takes all letters out.
    fn empty(&self) -> Vec<Letter> {
        let mut letters = Vec::new();
        for file in std::fs::read_dir(self.path()).unwrap().map(|file| file.unwrap().path()) {
            let raw = std::fs::read_to_string(&file).unwrap();
            std::fs::remove_file(&file).unwrap();
            letters.push(Letter::read(file.file_stem().unwrap().to_str().unwrap(), raw));
        }
        letters.sort_by(|one, other| (&one.to, &one.subject).cmp(&(&other.to, &other.subject)));
        letters
    }
}

/// A letter as it arrived.
#[derive(Debug)]
pub(crate) struct Letter {
    /// The name of its file.
    pub(crate) id: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    /// The plain alternative.
    pub(crate) text: String,
    /// The HTML alternative.
    pub(crate) html: String,
    pub(crate) raw: String,
}

impl Letter {
    pub(crate) fn read(id: &str, raw: String) -> Self {
        let part = |kind: &str| {
            let (_, from) = raw.split_once(&format!("Content-Type: {kind}; charset=utf-8\r\n")).unwrap();
            let (encoding, body) = from.split_once("\r\n\r\n").unwrap();
            let body = body.split_once("\r\n--").unwrap().0.replace("\r\n", "\n");
            match encoding {
                "Content-Transfer-Encoding: 7bit" => body,
                "Content-Transfer-Encoding: quoted-printable" => unquoted(&body),
                other => panic!("{other}"),
            }
        };
        let (text, html) = (part("text/plain"), part("text/html"));
        let mut letter = Self { id: id.to_owned(), to: String::new(), subject: String::new(), text, html, raw };
        (letter.to, letter.subject) = (letter.header("To"), letter.header("Subject"));
        letter
    }

    /// The value of a header that is there once.
    pub(crate) fn header(&self, name: &str) -> String {
        let (headers, _) = self.raw.split_once("\r\n\r\n").unwrap();
        let values: Vec<_> = headers.lines().filter_map(|line| line.strip_prefix(&format!("{name}: "))).collect();
        assert_eq!(values.len(), 1, "{name}: {headers}");
        values[0].to_owned()
    }

    /// The token, as somebody copies it who cannot follow the link.
    pub(crate) fn token(&self) -> String {
        let token = self.text.lines().find(|line| line.len() == 43 && !line.contains(' ')).unwrap();
        log_guard::plant(token);
        token.to_owned()
    }
}

/// What was written as quoted-printable (RFC 2045, 6.7).
fn unquoted(text: &str) -> String {
    let text = text.replace("=\n", "");
    let mut parts = text.split('=');
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        plain.push(char::from(u8::from_str_radix(digits, 16).unwrap()));
        plain.push_str(rest);
    }
    plain
}

impl System {
    /// A postman of this system with these settings.
    pub(crate) fn postman_with(&self, settings: Settings) -> Postman {
        self.try_postman_with(settings).unwrap()
    }

    pub(crate) fn try_postman_with(&self, settings: Settings) -> anyhow::Result<Postman> {
        let (database, outbox) = (Database::new(&self.settings), self.outbox.clone());
        Postman::new(database, outbox, &secret(), self.clock.clone(), self.entropy.clone(), settings)
    }

    /// Delivers all mail that is due, and takes it out of the mailbox.
    pub(crate) async fn letters(&self) -> Vec<Letter> {
        let postman = self.postman_with(self.mailbox.settings());
        while postman.deliver().await > 0 {}
        self.mailbox.empty()
    }

    /// Like [`System::letters`], where there is one.
    pub(crate) async fn letter(&self) -> Letter {
        let mut letters = self.letters().await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters.remove(0)
    }

    /// How many errands wait.
    pub(crate) async fn waiting(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM auth.outbox").fetch_one(&mut self.sql().await).await.unwrap()
    }
}
