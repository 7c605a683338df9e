//! Logging in: one answer, one hash and the same statements for everybody who has not the right credentials.

use service_kit::postgres;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Credentials, Error, Granted, Sessions};
use crate::event::{Event, Kind};
use crate::origin::Origin;
use crate::password::{Compared, PasswordHash};
use crate::session::{Key, RefreshToken, Session};
use crate::store::passwords::{self, Stored};
use crate::store::{events, sessions as store, throttles, users};
use crate::throttle::Attempt;
use crate::user::{State, User};

/// Whose credentials were wrong, and why: for the record alone.
struct Failure {
    user: Option<Uuid>,
    why: &'static str,
}

/// What a matching password brings into the transaction that opens the session.
struct Proof {
    /// Which password it is: it must still be the one.
    revision: i64,
    /// Its hash at today's cost, if the stored one costs less: stored with the session, so that it is not lost and no
    /// other password is overwritten.
    renewed: Option<String>,
    /// To be cleared.
    attempt: Attempt,
}

impl Sessions {
    /// Opens a session. Whatever is wrong with the credentials, the same work is done.
    pub async fn log_in(&self, credentials: Credentials, origin: Origin) -> Result<Granted, Error> {
        let Credentials { identifier, password, device_name, bind_to } = credentials;
        let attempt = self.throttle.reserve(self.throttle.subjects.name(identifier.as_str())).await?;
        let found = users::by_identifier(&self.database, identifier).await?;
        let stored = found.as_ref().and_then(|(user, stored)| readable(&stored.phc, user));
        let Compared { matches, renewed } =
            self.throttle.settle(attempt, self.hasher.compare(password, stored).await).await??;
        let now = self.clock.now();
        let (user, revision) = match checked(found, matches) {
            Ok(proven) => proven,
            Err(failure) => return Err(self.failed(failure, &origin, now).await?),
        };
        let key = Key { user: user.id, session: self.entropy.id(now) };
        let session = Session::begin(key, device_name, origin, bind_to, now);
        let refresh = self.refresh_tokens.mint(session.key.session, 1);
        let proof = Proof { revision, renewed: renewed.and_then(|hash| hash.to_phc()), attempt };
        if !self.open(session.clone(), &refresh, proof).await? {
            let failure = Failure { user: Some(user.id), why: "changed" };
            return Err(self.failed(failure, &session.origin, now).await?);
        }
        Ok(Granted { access: self.signer.sign(&user, &session)?, refresh, session, user })
    }

    /// Stores the session in place of the oldest ones too many, if the user is still as it was when the password was
    /// compared: a password changed, or a user disabled, meanwhile must win.
    async fn open(&self, session: Session, refresh: &RefreshToken, proof: Proof) -> Result<bool, postgres::Error> {
        let (fingerprint, entropy) = (refresh.fingerprint(), self.entropy.clone());
        self.database
            .transaction(move |c| {
                Box::pin(async move {
                    let Key { user, session: id } = session.key;
                    if !users::lock_unchanged(c, user, proof.revision).await? {
                        return Ok(false);
                    }
                    if let Some(hash) = &proof.renewed {
                        passwords::renew(c, user, hash).await?;
                    }
                    for ended in store::end_oldest(c, user, session.created).await? {
                        let event = Event::new(Kind::SessionSuperseded, &session.origin, &entropy, session.created);
                        let event = event.to(user).by(user).session(ended).with("by_session", id.to_string());
                        events::record(c, &event).await?;
                    }
                    store::insert(c, &session, &fingerprint).await?;
                    throttles::clear(c, &[proof.attempt.subject]).await?;
                    let event = Event::new(Kind::LoggedIn, &session.origin, &entropy, session.created);
                    events::record(c, &event.to(user).by(user).session(id)).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Records a failure, and returns what its caller is told.
    async fn failed(&self, failure: Failure, origin: &Origin, now: OffsetDateTime) -> Result<Error, postgres::Error> {
        let event = Event::new(Kind::LogInFailed, origin, &self.entropy, now);
        let event = Event { user: failure.user, ..event }.with("why", failure.why);
        self.database.write(move |c| Box::pin(async move { events::record(c, &event).await })).await?;
        Ok(Error::CredentialsInvalid)
    }
}

/// The user, and which password it is that matches.
fn checked(found: Option<(User, Stored)>, matches: bool) -> Result<(User, i64), Failure> {
    let Some((user, stored)) = found else {
        return Err(Failure { user: None, why: "no_such_user" });
    };
    let because = |why| Err(Failure { user: Some(user.id), why });
    match (matches, user.state) {
        (false, _) => because("password"),
        (true, State::Disabled) => because("disabled"),
        (true, State::Active) => Ok((user, stored.revision)),
    }
}

/// A stored hash that cannot be run is a fault of ours or of the data: nobody logs in by it, and it is told once.
fn readable(phc: &str, user: &User) -> Option<PasswordHash> {
    let stored = PasswordHash::from_phc(phc);
    if stored.is_none() {
        tracing::error!(user = %user.id, "a stored password hash is unusable");
    }
    stored
}
