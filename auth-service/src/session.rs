//! Sessions: one log-in of one user on one device, kept alive by refresh tokens.

mod refresh_token;
mod rotation;

use std::str::FromStr;

use service_kit::field::{self, Invalid};
use service_kit::peer::Thumbprint;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub use self::refresh_token::{Fingerprint, Presented, RefreshToken, RefreshTokens};
pub use self::rotation::{Decision, GRACE, Lineage, decide};
use crate::origin::Origin;

/// A session that nobody refreshes ends after this time.
pub const IDLE: Duration = Duration::days(14);
/// Every session ends after this time.
pub const ABSOLUTE: Duration = Duration::days(90);
/// A user's live sessions; one more ends the oldest.
pub const MOST_PER_USER: i64 = 20;

/// A session and whose it is, as an access token names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The user.
    pub user: Uuid,
    /// The session.
    pub session: Uuid,
}

/// What is told about a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which one.
    pub key: Key,
    /// What the user calls the device; may be empty.
    pub device_name: DeviceName,
    /// When the user logged in.
    pub created: OffsetDateTime,
    /// When it ends if nobody refreshes it.
    pub expires: OffsetDateTime,
    /// When it ends in any case.
    pub ends: OffsetDateTime,
    /// When its tokens were last seen.
    pub seen: OffsetDateTime,
    /// Whence they then came; the call is not kept.
    pub origin: Origin,
    /// The certificate without which its tokens are worth nothing.
    pub bound_to: Option<Thumbprint>,
}

impl Session {
    /// A session that begins now.
    #[must_use]
    pub fn begin(
        key: Key,
        device_name: DeviceName,
        origin: Origin,
        bound_to: Option<Thumbprint>,
        now: OffsetDateTime,
    ) -> Self {
        let (expires, ends) = (now + IDLE, now + ABSOLUTE);
        Self { key, device_name, created: now, expires, ends, seen: now, origin, bound_to }
    }

    /// The same session, refreshed now from there.
    #[must_use]
    pub fn refreshed(self, origin: Origin, now: OffsetDateTime) -> Self {
        Self { expires: self.ends.min(now + IDLE), seen: now, origin, ..self }
    }

    /// Whether its tokens are good on a connection with this certificate.
    #[must_use]
    pub fn admits(&self, certificate: Thumbprint) -> bool {
        self.bound_to.is_none_or(|bound_to| bound_to == certificate)
    }
}

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The user logged out.
    LoggedOut,
    /// A refresh token was used after its successor: two parties hold it.
    TokenReused,
    /// The user opened one session too many.
    Superseded,
    /// The user ended it from another session, or an admin did.
    Revoked,
    /// The user changed the password.
    PasswordChanged,
    /// The user chose a password by a reset token.
    PasswordReset,
    /// An admin disabled the user.
    UserDisabled,
}

impl EndReason {
    /// As it stands in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::TokenReused => "token_reused",
            Self::Superseded => "superseded",
            Self::Revoked => "revoked",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::UserDisabled => "user_disabled",
        }
    }
}

/// What a user calls a device: a line of at most 100 code points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceName(String);

impl DeviceName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        field::line(text, 0, 100)?;
        Ok(Self(text.to_owned()))
    }
}
