//! Guessing gets slower: after the fifth wrong password in a row each further one has to wait, one second at first and
//! a quarter of an hour at most. Nobody is ever locked out: live sessions go on, and so does a reset by mail.

use aws_lc_rs::hmac;
use service_kit::clock::Clock;
use service_kit::postgres::{self, Database};
use service_kit::secret::Secret;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::password::Refused;
use crate::store::throttles as store;
use crate::user::{Email, User};

/// Seconds to wait after the first failure, the second, and so on; after further ones as after the last.
pub const DELAYS: [f64; 15] = [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 900.0];
/// After this time without an attempt, earlier failures count for nothing.
pub const MEMORY: Duration = Duration::days(1);

/// Whom somebody tries to be: an HMAC-SHA256, so that the database holds nobody's name and treats names that nobody has
/// like any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject([u8; 32]);

impl Subject {
    /// For the database.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Makes subjects.
#[derive(Clone)]
pub struct Subjects(hmac::Key);

impl Subjects {
    /// With a key derived from the service's secret.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self(secret.mac("throttle"))
    }

    /// Whoever logs in by this username or address; case does not count.
    #[must_use]
    pub fn name(&self, name: &str) -> Subject {
        self.mac(b"name:", name.to_ascii_lowercase().as_bytes())
    }

    /// Whoever says the password of this user once more.
    #[must_use]
    pub fn user(&self, user: Uuid) -> Subject {
        self.mac(b"user:", user.as_bytes())
    }

    /// All that a user is tried by.
    #[must_use]
    pub fn all_of(&self, user: &User) -> Vec<Subject> {
        let names = [Some(user.username.as_str()), user.email.as_ref().map(Email::as_str)];
        names.into_iter().flatten().map(|name| self.name(name)).chain([self.user(user.id)]).collect()
    }

    fn mac(&self, kind: &[u8], who: &[u8]) -> Subject {
        let mut subject = [0; 32];
        subject.copy_from_slice(hmac::sign(&self.0, &[kind, who].concat()).as_ref());
        Subject(subject)
    }
}

/// An attempt that counts as a failure until its subject is cleared: guesses made at once are no more than guesses made
/// one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Whom it is at.
    pub subject: Subject,
    /// From when on the next one may follow.
    pub next: OffsetDateTime,
}

/// Why an attempt was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There were too many failures; the next attempt is admitted after this time.
    #[error("too many wrong passwords: the next attempt in {0}")]
    Throttled(Duration),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] postgres::Error),
}

/// Counts attempts, for all replicas together.
#[derive(Clone)]
pub struct Throttle {
    database: Database,
    clock: Clock,
    /// Makes the subjects of attempts.
    pub subjects: Subjects,
}

impl Throttle {
    /// With the counts in `database`.
    #[must_use]
    pub fn new(database: Database, clock: Clock, subjects: Subjects) -> Self {
        Self { database, clock, subjects }
    }

    /// Admits an attempt, to be made now, and counts it as a failure. Success is told by
    /// [`crate::store::throttles::clear`] in the transaction of what it permits.
    pub async fn reserve(&self, subject: Subject) -> Result<Attempt, Error> {
        let now = self.clock.now();
        match self.database.write(move |c| Box::pin(store::reserve(c, subject, now))).await? {
            store::Reserved::Next(next) => Ok(Attempt { subject, next }),
            store::Reserved::Blocked(until) => Err(Error::Throttled(until - now)),
        }
    }

    /// What came of an attempt. One that was not made, because the password was not compared, is taken back.
    pub async fn settle<T>(
        &self,
        attempt: Attempt,
        compared: Result<T, Refused>,
    ) -> Result<Result<T, Refused>, postgres::Error> {
        if compared.is_err() {
            self.database.write(move |c| Box::pin(store::give_back(c, attempt))).await?;
        }
        Ok(compared)
    }
}
