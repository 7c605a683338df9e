//! What a domain error means to the caller: one match for each.

use std::time::Duration;

use proto::auth::v1::ErrorReason;
use service_kit::caller::{not_allowed, session_ended};
use service_kit::status::{self, Reason, Refusal};
use tonic::{Code, Status};

use super::names;
use crate::password::Refused;
use crate::{accounts, consumers, feed, sessions, throttle};

/// Hashes take milliseconds: after a second the queue is another one.
const HASHING_RETRY: Duration = Duration::from_secs(1);

/// A replica that stops is replaced in seconds, and there are others.
const FEED_RETRY: Duration = Duration::from_millis(100);

/// An error about the user called `name` in the request.
pub(super) fn account(error: &accounts::Error, name: &str) -> Status {
    about(names::USER, error, name)
}

/// An error about a user, or about what is the user's: the resource of this type called `name` in the request.
pub(super) fn about(kind: &str, error: &accounts::Error, name: &str) -> Status {
    use accounts::Error as E;
    match error {
        E::UsernameTaken(username) => {
            Refusal::new(Code::AlreadyExists, ErrorReason::UsernameTaken, format!("the username {username} is taken"))
                .with("username", username)
                .into()
        }
        // An rpc for everybody does not tell who is there.
        E::NotFound | E::NotAdmin => status::not_found(kind, name),
        E::Changed => {
            Refusal::new(Code::Aborted, Reason::EtagMismatch, format!("{name} has changed since it was read"))
                .with("resource", name)
                .resource(names::USER, name)
                .into()
        }
        E::LastAdmin => {
            let message = format!("{name} is the last active administrator; make another one first");
            Refusal::new(Code::FailedPrecondition, ErrorReason::LastAdmin, message.clone())
                .precondition("LAST_ADMIN", name, &message)
                .into()
        }
        E::PasswordWrong => {
            let message = "the password is not the current one; nothing was changed";
            Refusal::new(Code::PermissionDenied, ErrorReason::PasswordWrong, message).into()
        }
        E::MailTokenInvalid | E::EmailTaken | E::EmailMissing | E::EmailAlreadyVerified => mail(error, name),
        E::SessionEnded => session_ended(),
        E::Throttle(error) => throttled(error),
        E::Hashing(refused) => hashing(refused),
        E::Database(error) => status::database(error),
        E::Unwritable | E::Unsealed => status::internal(error),
    }
}

/// An error about an address, or about a token that came by mail.
fn mail(error: &accounts::Error, name: &str) -> Status {
    use accounts::Error as E;
    let unmet = |reason: ErrorReason, kind, message: &str| {
        Refusal::new(Code::FailedPrecondition, reason, message).precondition(kind, name, message).into()
    };
    match error {
        E::MailTokenInvalid => {
            let message = "the token is not valid: ask for another mail; nothing was changed";
            Refusal::new(Code::Unauthenticated, ErrorReason::MailTokenInvalid, message).into()
        }
        E::EmailTaken => {
            let message = "another user has verified the address first; nothing was changed";
            Refusal::new(Code::AlreadyExists, ErrorReason::EmailTaken, message).into()
        }
        E::EmailMissing => unmet(ErrorReason::EmailMissing, "EMAIL", "the user has no address to verify"),
        E::EmailAlreadyVerified => unmet(ErrorReason::EmailAlreadyVerified, "EMAIL", "the address is verified already"),
        error => status::internal(error),
    }
}

/// An error about the user called `name` in a request to the rpc for admins at this path.
pub(super) fn administration(error: &accounts::Error, method: &str, name: &str) -> Status {
    match error {
        accounts::Error::NotAdmin => not_allowed(method),
        _ => account(error, name),
    }
}

/// An error about the deletion of a user, called `name` in the request.
pub(super) fn deletion(error: &accounts::Error, name: &str) -> Status {
    match error {
        accounts::Error::NotAdmin => not_allowed("/auth.v1.UserService/GetUserDeletion"),
        _ => about(names::USER_DELETION, error, name),
    }
}

/// An error about a session.
pub(super) fn session(error: &sessions::Error) -> Status {
    use sessions::Error as E;
    let refused = |reason, message: &str| Refusal::new(Code::Unauthenticated, reason, message).into();
    match error {
        E::CredentialsInvalid => refused(ErrorReason::CredentialsInvalid, "the credentials are not valid"),
        E::RefreshTokenInvalid => refused(ErrorReason::RefreshTokenInvalid, "the refresh token is not valid"),
        E::RefreshTokenReused => {
            refused(ErrorReason::RefreshTokenReused, "the refresh token was used twice; the session has ended")
        }
        E::RefreshTokenExpired => refused(ErrorReason::RefreshTokenExpired, "the session has expired"),
        E::Throttle(error) => throttled(error),
        E::Hashing(refused) => hashing(refused),
        E::Database(error) => status::database(error),
        E::Signing(_) => status::internal(error),
    }
}

/// The end of a stream of the feed, or why there is none.
pub(super) fn feed(interrupted: &feed::Interrupted) -> Status {
    use feed::Interrupted as I;
    match interrupted {
        I::Stopped => {
            let message = "the service stops; watch again, at another replica";
            Refusal::new(Code::Unavailable, ErrorReason::FeedInterrupted, message).retry_after(FEED_RETRY).into()
        }
        I::Database(error) => status::database(error),
    }
}

/// An error about a consumer of the feed.
pub(super) fn consumer(error: &consumers::Error) -> Status {
    use consumers::Error as E;
    match error {
        E::AheadOfFeed => cursor_invalid(),
        E::Database(error) => status::database(error),
    }
}

/// The answer to a cursor that was never given out.
pub(super) fn cursor_invalid() -> Status {
    let message = "the cursor is not one of this feed; watch without one";
    Refusal::new(Code::InvalidArgument, ErrorReason::CursorInvalid, message)
        .violations([("cursor".to_owned(), "must be the cursor of a message of this feed".to_owned())])
        .into()
}

fn throttled(error: &throttle::Error) -> Status {
    match error {
        throttle::Error::Throttled(left) => {
            let message = "too many wrong passwords; this one was not looked at";
            let left = Duration::try_from(*left).unwrap_or_default();
            Refusal::new(Code::ResourceExhausted, ErrorReason::LogInThrottled, message).retry_after(left).into()
        }
        throttle::Error::Database(error) => status::database(error),
    }
}

/// The caller's address has made too many calls; another one is admitted after this time.
pub(super) fn address_throttled(left: Duration) -> Status {
    let message = "too many attempts from this address; nothing was done";
    Refusal::new(Code::ResourceExhausted, ErrorReason::AddressThrottled, message).retry_after(left).into()
}

/// An error about the user called `name` in a request for another password.
pub(super) fn new_password(error: &accounts::Error, name: &str) -> Status {
    match error {
        accounts::Error::Hashing(Refused::Guessable) => guessable("new_password"),
        _ => account(error, name),
    }
}

/// The answer to a password that is easy to guess, in this field of the request.
fn guessable(field: &str) -> Status {
    let why = "must be harder to guess: not made of common words, names, dates, keys in a row or repetitions alone; \
               four unusual words are good";
    Refusal::new(Code::InvalidArgument, Reason::FieldInvalid, format!("{field} {why}"))
        .with("fields", field)
        .violations([(field.to_owned(), why.to_owned())])
        .into()
}

fn hashing(refused: &Refused) -> Status {
    match refused {
        Refused::Guessable => guessable("password"),
        Refused::Busy => {
            let message = "too many passwords wait to be checked; nothing was changed";
            Refusal::new(Code::ResourceExhausted, ErrorReason::HashingBusy, message).retry_after(HASHING_RETRY).into()
        }
        Refused::Fault(_) => status::internal(refused),
    }
}
