//! Users: registering, reading and changing them; what they do with their password; what admins do to them.

mod administration;
mod audit;
mod council;
mod credentials;
mod deletion;
mod devices;
mod error;
mod listing;
mod recovery;
mod verification;

use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::postgres::{self, Database};
use uuid::Uuid;

pub use self::credentials::PasswordChange;
pub use self::deletion::UserDeletion;
pub use self::error::Error;
use crate::event::{Event, Kind};
use crate::mail::Outbox;
use crate::origin::Origin;
use crate::password::{Hasher, Password};
use crate::session::Key;
use crate::store::users::{self as store, Standing};
use crate::store::{constraint, emails, events};
use crate::throttle::Throttle;
use crate::user::{self, Changes, DisplayName, Email, Role, State, User, Username};

/// The users.
#[derive(Clone)]
pub struct Accounts {
    database: Database,
    clock: Clock,
    entropy: Entropy,
    hasher: Hasher,
    throttle: Throttle,
    outbox: Outbox,
}

/// What somebody says of themselves to become a user.
#[derive(Debug)]
pub struct Registration {
    /// The name to log in by.
    pub username: Username,
    /// The password.
    pub password: Password,
    /// Where mail goes; unverified.
    pub email: Option<Email>,
    /// What other people see.
    pub display_name: DisplayName,
}

impl Accounts {
    /// The users in `database`, whose mail is left in `outbox`.
    #[must_use]
    pub fn new(
        database: Database,
        clock: Clock,
        entropy: Entropy,
        hasher: Hasher,
        throttle: Throttle,
        outbox: Outbox,
    ) -> Self {
        Self { database, clock, entropy, hasher, throttle, outbox }
    }

    /// Makes a user who can do nothing beyond its own affairs.
    pub async fn register(&self, registration: Registration, origin: Origin) -> Result<User, Error> {
        self.create(registration, Vec::new(), origin).await
    }

    /// Makes a user with the role of an admin. An existing user is not promoted: its password may not be the operator's.
    pub async fn create_admin(&self, username: Username, password: Password) -> Result<User, Error> {
        let display_name = DisplayName::default();
        let registration = Registration { username, password, email: None, display_name };
        self.create(registration, vec![Role::Admin], Origin::default()).await
    }

    /// The user `target` as the caller may see it: their own, or as an admin any.
    pub async fn get(&self, caller: Key, target: Uuid) -> Result<User, Error> {
        match store::get(&self.database, caller, target, self.clock.now()).await? {
            Some(user) => Ok(user),
            None => Err(self.why_not(caller, target).await?),
        }
    }

    /// Changes the user `target`, if it still is at `revision` where one is given.
    pub async fn update(
        &self,
        caller: Key,
        target: Uuid,
        changes: Changes,
        revision: Option<i64>,
        origin: Origin,
    ) -> Result<User, Error> {
        let (now, entropy, outbox) = (self.clock.now(), self.entropy.clone(), self.outbox.clone());
        let changed = self.database.transaction(move |c| {
            Box::pin(async move {
                let Some(before) = emails::lock_for(c, caller, target, now).await? else { return Ok(None) };
                let changed = store::update(c, caller, target, &changes, revision, now).await;
                let changed = changed.map_err(|error| refused(error, changes.username.as_ref()))?;
                let Some(after) = changed else { return Ok(None) };
                let by_caller = |kind| Event::new(kind, &origin, &entropy, now).to(target).by(caller.user);
                let event = by_caller(Kind::UserUpdated).session(caller.session);
                events::record(c, &event.with("fields", changes.fields())).await?;
                if before.email != after.email {
                    events::record(c, &by_caller(Kind::EmailChanged).session(caller.session)).await?;
                    verification::address_changed(c, &outbox, before, &after, now).await?;
                }
                Ok(Some(after))
            })
        });
        let changed: Result<Option<User>, Error> = changed.await;
        self.outbox.ring();
        match changed? {
            Some(user) => Ok(user),
            None => Err(self.why_not(caller, target).await?),
        }
    }

    async fn create(&self, registration: Registration, roles: Vec<Role>, origin: Origin) -> Result<User, Error> {
        let Registration { username, password, email, display_name } = registration;
        let words = user::words(&username, &display_name, email.as_ref());
        let hash = self.hasher.hash(password, words).await?.to_phc().ok_or(Error::Unwritable)?;
        let now = self.clock.now();
        let user = User {
            id: self.entropy.id(now),
            username,
            display_name,
            email,
            email_verified: false,
            roles,
            state: State::Active,
            epoch: 0,
            revision: 1,
            created: now,
            updated: now,
        };
        let (entropy, outbox) = (self.entropy.clone(), self.outbox.clone());
        let created = self.database.transaction(move |c| {
            Box::pin(async move {
                let inserted = store::insert(c, &user, &hash).await;
                inserted.map_err(|error| refused(error, Some(&user.username)))?;
                let event = Event::new(Kind::UserRegistered, &origin, &entropy, now).to(user.id).by(user.id);
                events::record(c, &event).await?;
                verification::address_stated(c, &outbox, &user, now).await?;
                Ok(user)
            })
        });
        let created = created.await;
        self.outbox.ring();
        created
    }

    /// Why a statement found no user to read or to change.
    async fn why_not(&self, caller: Key, target: Uuid) -> Result<Error, Error> {
        Ok(match store::standing(&self.database, caller, target, self.clock.now()).await? {
            Standing::Ended => Error::SessionEnded,
            Standing::Stranger => Error::NotFound,
            Standing::Permitted => Error::Changed,
        })
    }
}

/// Why the database refused a user of this name.
fn refused(error: postgres::Error, username: Option<&Username>) -> Error {
    match (error, username) {
        (postgres::Error::Conflict(name), Some(username)) if name == constraint::USERS_USERNAME_KEY => {
            Error::UsernameTaken(username.as_str().to_owned())
        }
        (error, _) => error.into(),
    }
}
