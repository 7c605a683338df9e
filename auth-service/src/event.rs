//! What is kept of every act that matters to security. Never a password, a token or a hash.

pub mod listing;

use service_kit::entropy::Entropy;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::origin::Origin;
use crate::session::Key;

/// One act.
#[derive(Clone, Debug)]
pub struct Event {
    /// Ordered by time.
    pub id: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub kind: Kind,
    /// Whom it happened to.
    pub user: Option<Uuid>,
    /// Who did it.
    pub actor: Option<Uuid>,
    /// In or to which session.
    pub session: Option<Uuid>,
    /// Whence.
    pub origin: Origin,
    /// What else there is to say: names and values that programs can read.
    pub details: serde_json::Map<String, serde_json::Value>,
}

impl Event {
    /// An act of somebody unknown, now.
    #[must_use]
    pub fn new(kind: Kind, origin: &Origin, entropy: &Entropy, now: OffsetDateTime) -> Self {
        let (id, origin) = (entropy.id(now), origin.clone());
        Self { id, at: now, kind, user: None, actor: None, session: None, origin, details: serde_json::Map::new() }
    }

    /// Whom it happened to.
    #[must_use]
    pub fn to(self, user: Uuid) -> Self {
        Self { user: Some(user), ..self }
    }

    /// Who did it.
    #[must_use]
    pub fn by(self, actor: Uuid) -> Self {
        Self { actor: Some(actor), ..self }
    }

    /// In or to which session.
    #[must_use]
    pub fn session(self, session: Uuid) -> Self {
        Self { session: Some(session), ..self }
    }

    /// Which sessions it ended, at most as many as a user has: whoever follows the events learns of each. No more is
    /// said if there were none.
    #[must_use]
    pub fn ending(self, sessions: &[Uuid]) -> Self {
        let ids: Vec<_> = sessions.iter().map(Uuid::to_string).collect();
        if ids.is_empty() { self } else { self.with("sessions", ids) }
    }

    /// The session with its owner: that of the user if it was ended from elsewhere, or else of whoever did it.
    #[must_use]
    pub fn session_key(&self) -> Option<Key> {
        let owner = if self.kind == Kind::SessionRevoked { self.user } else { self.actor.or(self.user) };
        Some(Key { user: owner?, session: self.session? })
    }

    /// One more thing to say.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])+ $name:ident = $text:literal,)+) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])+ $name,)+
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// As it stands in the database.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// From the database; `None` if it is none of ours.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
            }
        }
    };
}
kinds! {
    /// Somebody became a user.
    UserRegistered = "user_registered",
    /// A user's own words were changed.
    UserUpdated = "user_updated",
    /// An admin locked a user out.
    UserDisabled = "user_disabled",
    /// An admin let a user in again.
    UserEnabled = "user_enabled",
    /// A user is gone.
    UserDeleted = "user_deleted",
    /// An admin set a user's roles.
    RolesSet = "roles_set",
    /// A user chose another password, knowing the one before.
    PasswordChanged = "password_changed",
    /// Somebody asked for a way to choose a password without knowing the one before.
    PasswordResetRequested = "password_reset_requested",
    /// A user chose another password by a reset token.
    PasswordReset = "password_reset",
    /// A user has another address, which is unverified.
    EmailChanged = "email_changed",
    /// A user asked for the mail that verifies their address.
    EmailVerificationRequested = "email_verification_requested",
    /// Mail to a user's address was answered.
    EmailVerified = "email_verified",
    /// A session was opened.
    LoggedIn = "logged_in",
    /// Somebody had the wrong credentials of a user.
    LogInFailed = "log_in_failed",
    /// A user ended their own session.
    LoggedOut = "logged_out",
    /// One session was ended from another, or by an admin.
    SessionRevoked = "session_revoked",
    /// All sessions of a user were ended, perhaps but one.
    SessionsRevoked = "sessions_revoked",
    /// A session was ended because its user opened one too many.
    SessionSuperseded = "session_superseded",
    /// Two parties held one refresh token; the session was ended.
    RefreshTokenReused = "refresh_token_reused",
    /// A key that signs access tokens was published, began to sign, or was forgotten.
    KeysChanged = "keys_changed",
}

/// What an act does to the access tokens that were given out before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// They stay as good as they were.
    None,
    /// Those of its session are over.
    EndsItsSession,
    /// Those by keys are over that are published no more.
    ChangesKeys,
    /// Those of its user are over that are of a lower epoch, or of a session, than its details say.
    EndsWhatItSays,
}

impl Kind {
    /// What it does to access tokens. Those who follow the events are told of every kind that does something.
    #[must_use]
    pub fn effect(self) -> Effect {
        match self {
            Self::LoggedOut | Self::SessionRevoked | Self::SessionSuperseded | Self::RefreshTokenReused => {
                Effect::EndsItsSession
            }
            Self::KeysChanged => Effect::ChangesKeys,
            Self::UserDisabled
            | Self::UserEnabled
            | Self::UserDeleted
            | Self::RolesSet
            | Self::PasswordChanged
            | Self::PasswordReset
            | Self::SessionsRevoked => Effect::EndsWhatItSays,
            Self::UserRegistered
            | Self::UserUpdated
            | Self::PasswordResetRequested
            | Self::EmailChanged
            | Self::EmailVerificationRequested
            | Self::EmailVerified
            | Self::LoggedIn
            | Self::LogInFailed => Effect::None,
        }
    }
}
