//! What is to be said to whom.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

use super::Purpose;
use crate::origin::Origin;
use crate::user::Email;

/// What happened that somebody is to be told of by mail. Who that is, and whether there is anything to tell, is looked up
/// when the mail is written; so whoever causes an errand learns nothing of it, not even by the time that it takes.
#[derive(Serialize, Deserialize)]
pub enum Errand {
    /// Somebody has forgotten the password of the user of this address, and says so from there.
    PasswordResetAsked {
        /// The address as it was given.
        email: Email,
        /// Whence.
        whence: Whence,
    },
    /// A user has stated an address, at registration or later.
    EmailStated {
        /// The user.
        user: Uuid,
        /// The address.
        email: Email,
    },
    /// A user asks for the mail that verifies their address.
    VerificationAsked {
        /// The user.
        user: Uuid,
    },
    /// A user has another password.
    PasswordChanged {
        /// The user.
        user: Uuid,
    },
    /// A user has another address, or none; this is for the one before.
    EmailChanged {
        /// The user.
        user: Uuid,
        /// The address before.
        old: Email,
        /// Whether it was verified.
        proven: bool,
    },
}

impl Errand {
    /// How long it is worth doing.
    #[must_use]
    pub fn life(&self) -> Duration {
        match self {
            Self::PasswordResetAsked { .. } => Purpose::PasswordReset.life(),
            _ => Duration::DAY,
        }
    }

    /// Its kind, for logs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::PasswordResetAsked { .. } => "password_reset_asked",
            Self::EmailStated { .. } => "email_stated",
            Self::VerificationAsked { .. } => "verification_asked",
            Self::PasswordChanged { .. } => "password_changed",
            Self::EmailChanged { .. } => "email_changed",
        }
    }
}

/// An [`Origin`] that waits for the event that it belongs to.
#[derive(Serialize, Deserialize)]
pub struct Whence {
    peer: Option<String>,
    address: Option<IpAddr>,
    request_id: Option<String>,
}

impl From<Origin> for Whence {
    fn from(Origin { peer, address, request_id, .. }: Origin) -> Self {
        let text = |text: Option<Arc<str>>| text.as_deref().map(str::to_owned);
        Self { peer: text(peer), address, request_id: text(request_id) }
    }
}

impl From<&Whence> for Origin {
    fn from(Whence { peer, address, request_id }: &Whence) -> Self {
        let text = |text: &Option<String>| text.as_deref().map(Arc::from);
        Self { peer: text(peer), address: *address, request_id: text(request_id), user_agent: None }
    }
}
