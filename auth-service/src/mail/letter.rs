//! Letters: who gets them, and what they say.
//!
//! People are called by their username. A display name is whatever somebody wrote, and a stranger who registers with
//! your address could have us mail you their advertisement.

use super::template::{fill, html, plain};
use super::{LinkBase, MailToken};
use crate::user::{Email, User, Username};

/// A letter.
pub(super) struct Letter {
    /// Who gets it.
    pub(super) to: Email,
    content: Content,
}

/// What a letter is about.
enum Content {
    ResetPassword { username: Username, token: MailToken },
    VerifyEmail { username: Username, token: MailToken },
    AddressInUse,
    PasswordChanged { username: Username },
    EmailChanged { username: Username },
}

/// A letter as it is read.
pub(super) struct Text {
    pub(super) subject: String,
    pub(super) plain: String,
    pub(super) html: String,
}

/// The texts of a letter. The first line of the plain one is the subject.
macro_rules! texts {
    ($name:literal) => {
        (include_str!(concat!("letter/", $name, ".txt")), include_str!(concat!("letter/", $name, ".html")))
    };
}

/// What stands around each HTML text.
const PAGE: &str = include_str!("letter/page.html");

impl Letter {
    /// A way to choose a password.
    pub(super) fn reset_password(to: Email, user: &User, token: MailToken) -> Self {
        Self { to, content: Content::ResetPassword { username: user.username.clone(), token } }
    }

    /// A way to show that mail arrives.
    pub(super) fn verify_email(to: Email, user: &User, token: MailToken) -> Self {
        Self { to, content: Content::VerifyEmail { username: user.username.clone(), token } }
    }

    /// Somebody else stated the address of who gets this.
    pub(super) fn address_in_use(to: Email) -> Self {
        Self { to, content: Content::AddressInUse }
    }

    /// The user has another password.
    pub(super) fn password_changed(to: Email, user: &User) -> Self {
        Self { to, content: Content::PasswordChanged { username: user.username.clone() } }
    }

    /// The user has another address than the one of who gets this.
    pub(super) fn email_changed(to: Email, user: &User) -> Self {
        Self { to, content: Content::EmailChanged { username: user.username.clone() } }
    }

    /// The letter with its links.
    pub(super) fn write(&self, links: &LinkBase) -> Text {
        let (texts, username, page) = match &self.content {
            Content::ResetPassword { username, token } => {
                (texts!("reset_password"), Some(username), Some(("reset-password", token)))
            }
            Content::VerifyEmail { username, token } => {
                (texts!("verify_email"), Some(username), Some(("verify-email", token)))
            }
            Content::AddressInUse => (texts!("address_in_use"), None, None),
            Content::PasswordChanged { username } => (texts!("password_changed"), Some(username), None),
            Content::EmailChanged { username } => (texts!("email_changed"), Some(username), None),
        };
        let link = page.map(|(page, token)| links.to(page, token)).unwrap_or_default();
        let values = [
            ("username", username.map(Username::as_str).unwrap_or_default()),
            ("token", page.map(|(_, token)| token.reveal()).unwrap_or_default()),
            ("link", link.as_str()),
        ];
        let (subject, text) = texts.0.split_once("\n\n").unwrap_or(("", texts.0));
        let body = fill(texts.1, &values, html);
        let html = fill(PAGE, &[("subject", subject), ("body", &body)], plain);
        Text { subject: subject.to_owned(), plain: fill(text, &values, plain), html }
    }
}
