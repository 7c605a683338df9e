//! Users, and the words that they are described by.

pub mod listing;

use std::str::FromStr;

use service_kit::field::{self, Invalid};
use time::OffsetDateTime;
use uuid::Uuid;

pub use service_kit::token::Role;

/// Somebody who can log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Never changes.
    pub id: Uuid,
    /// As typed at registration; unique without regard to case.
    pub username: Username,
    /// What other people see; may be empty.
    pub display_name: DisplayName,
    /// Where mail goes.
    pub email: Option<Email>,
    /// Whether mail to the address has been answered: only then is it a name to log in by.
    pub email_verified: bool,
    /// What the user may do beyond its own affairs.
    pub roles: Vec<Role>,
    /// Whether the user can log in.
    pub state: State,
    /// Raised by what ends all earlier access tokens of the user.
    pub epoch: i64,
    /// Raised by every change.
    pub revision: i64,
    /// When the user was made.
    pub created: OffsetDateTime,
    /// When the user last changed.
    pub updated: OffsetDateTime,
}

impl User {
    /// What somebody who knows the user would try first.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        words(&self.username, &self.display_name, self.email.as_ref())
    }
}

/// What somebody who knows a user of this name and address would try first: both, their parts, and the name of this
/// system.
#[must_use]
pub fn words(username: &Username, display_name: &DisplayName, email: Option<&Email>) -> Vec<String> {
    const SHORTEST: usize = 3;
    let known = [username.as_str(), display_name.as_str(), email.map(Email::as_str).unwrap_or_default(), "todo"];
    let parts = known.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let domain = email.and_then(|email| email.as_str().split('@').nth(1));
    known.into_iter().chain(parts).chain(domain).filter(|word| word.len() >= SHORTEST).map(str::to_owned).collect()
}

/// Whether a user can log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Yes.
    Active,
    /// No: locked out by an admin.
    Disabled,
}

/// A name to log in by: 3 to 32 ASCII letters, digits, `_` and `-`, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

impl FromStr for Username {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        field::length(text, 3, 32)?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new("be ASCII letters, digits, \"_\" and \"-\", beginning with a letter"))
    }
}

/// An address for mail: 3 to 254 printable ASCII characters with one `@` between others. Whether mail arrives there
/// is shown by sending some, not by a longer pattern.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Email(String);

impl FromStr for Email {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        field::length(text, 3, 254)?;
        let printable = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && b != b'@');
        match text.split_once('@') {
            Some((local, domain)) if printable(local) && printable(domain) => Ok(Self(text.to_owned())),
            _ => Err(Invalid::new("be printable ASCII with one \"@\" between other characters")),
        }
    }
}

/// What other people see: a line of at most 100 code points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DisplayName(String);

impl FromStr for DisplayName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        field::line(text, 0, 100)?;
        Ok(Self(text.to_owned()))
    }
}

/// What somebody logs in by, a username or an email address, in lower case: both are ASCII and compare without regard
/// to case. No username has an `@`, so the two cannot be confused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier(String);

impl FromStr for Identifier {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        field::line(text, 3, 254)?;
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// A username is what its user logs in by.
impl From<Username> for Identifier {
    fn from(username: Username) -> Self {
        Self(username.0.to_ascii_lowercase())
    }
}

/// A change of a user; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The new name to log in by.
    pub username: Option<Username>,
    /// The new display name.
    pub display_name: Option<DisplayName>,
    /// The new address, or `Some(None)` for none. Another address than before is unverified.
    pub email: Option<Option<Email>>,
}

impl Changes {
    /// The names of the fields that are set, for the record.
    #[must_use]
    pub fn fields(&self) -> Vec<&'static str> {
        let set = [
            (self.username.is_some(), "username"),
            (self.display_name.is_some(), "display_name"),
            (self.email.is_some(), "email"),
        ];
        set.into_iter().filter_map(|(set, name)| set.then_some(name)).collect()
    }
}

macro_rules! text {
    ($($name:ident),+) => {$(
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}
text!(Username, Email, DisplayName, Identifier);
