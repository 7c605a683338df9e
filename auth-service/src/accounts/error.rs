//! Why nothing was done.

use service_kit::postgres;

use crate::password::Refused;
use crate::{mail, throttle};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody has the username, perhaps in other case.
    #[error("the username {0} is taken")]
    UsernameTaken(String),
    /// No such user, or none that the caller may see.
    #[error("there is no such user")]
    NotFound,
    /// The user is not at the revision that the caller knows.
    #[error("the user has changed")]
    Changed,
    /// The caller is no admin, now.
    #[error("only an admin may do that")]
    NotAdmin,
    /// Nobody else is an active admin.
    #[error("the user is the last active admin")]
    LastAdmin,
    /// The password that came with the call is not the caller's, or no longer.
    #[error("the password is not the caller's")]
    PasswordWrong,
    /// The caller's session is over, or the caller was disabled.
    #[error("the session has ended")]
    SessionEnded,
    /// There were too many wrong passwords.
    #[error(transparent)]
    Throttle(#[from] throttle::Error),
    /// Unknown, used, replaced by a newer one, out of time, or of a user who is not active: nobody learns which.
    #[error("the token is not valid")]
    MailTokenInvalid,
    /// Somebody else has shown that the address is theirs.
    #[error("the address belongs to another user")]
    EmailTaken,
    /// The user has no address.
    #[error("the user has no address")]
    EmailMissing,
    /// There is nothing left to verify.
    #[error("the address is verified")]
    EmailAlreadyVerified,
    /// The password was not hashed.
    #[error(transparent)]
    Hashing(#[from] Refused),
    /// A hash cannot be written down: a fault of ours.
    #[error("a password hash has no PHC form")]
    Unwritable,
    /// An errand cannot be written down: a fault of ours.
    #[error("an errand for the outbox cannot be sealed")]
    Unsealed,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] postgres::Error),
}

impl From<mail::Error> for Error {
    fn from(error: mail::Error) -> Self {
        match error {
            mail::Error::Unsealed => Self::Unsealed,
            mail::Error::Database(error) => Self::Database(error),
        }
    }
}
