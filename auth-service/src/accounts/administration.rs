//! What admins do to users.

use time::OffsetDateTime;
use uuid::Uuid;

use super::council::Council;
use super::{Accounts, Error};
use crate::event::{Event, Kind};
use crate::origin::Origin;
use crate::session::{EndReason, Key};
use crate::store::users::{self, Standing};
use crate::store::{Connection, admins as store, events, sessions};
use crate::user::{Role, State, User};

/// What an admin does to a user.
enum Act {
    SetRoles(Vec<Role>),
    SetState(State),
    Delete,
}

impl Accounts {
    /// Replaces the roles of a user. Tokens from before are over if that changes anything.
    pub async fn set_roles(&self, caller: Key, target: Uuid, roles: Vec<Role>, origin: Origin) -> Result<User, Error> {
        self.administer(caller, target, Act::SetRoles(roles), origin).await
    }

    /// Locks a user out and ends the sessions, or lets the user in again.
    pub async fn set_state(&self, caller: Key, target: Uuid, state: State, origin: Origin) -> Result<User, Error> {
        self.administer(caller, target, Act::SetState(state), origin).await
    }

    /// Deletes somebody else with everything of theirs.
    pub async fn delete(&self, caller: Key, target: Uuid, origin: Origin) -> Result<(), Error> {
        self.administer(caller, target, Act::Delete, origin).await.map(drop)
    }

    async fn administer(&self, caller: Key, target: Uuid, act: Act, origin: Origin) -> Result<User, Error> {
        let (clock, entropy) = (self.clock.clone(), self.entropy.clone());
        self.database
            .transaction(move |c| {
                Box::pin(async move {
                    let council = Council::new(target, store::lock(c, target).await?);
                    let now = clock.now();
                    if users::standing_in(c, caller, caller.user, now).await? == Standing::Ended {
                        return Err(Error::SessionEnded);
                    }
                    if !council.admits(caller.user) {
                        return Err(Error::NotAdmin);
                    }
                    let before = council.target()?;
                    if act.is_done(before) {
                        return Ok(before.clone());
                    }
                    if act.removes_admin() {
                        council.spares_the_target()?;
                    }
                    let (after, ended) = act.apply(c, before, now).await?;
                    let event = Event::new(act.kind(), &origin, &entropy, now).to(target).by(caller.user);
                    let event = event.session(caller.session).with("epoch", after.epoch);
                    events::record(c, &event.with("roles", names(&after.roles)).ending(&ended)).await?;
                    Ok(after)
                })
            })
            .await
    }
}

impl Act {
    /// Whether there is nothing left to do.
    fn is_done(&self, target: &User) -> bool {
        match self {
            Self::SetRoles(roles) => target.roles == *roles,
            Self::SetState(state) => target.state == *state,
            Self::Delete => false,
        }
    }

    /// Whether the user is no active admin after it.
    fn removes_admin(&self) -> bool {
        match self {
            Self::SetRoles(roles) => !roles.contains(&Role::Admin),
            Self::SetState(state) => *state == State::Disabled,
            Self::Delete => true,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::SetRoles(_) => Kind::RolesSet,
            Self::SetState(State::Active) => Kind::UserEnabled,
            Self::SetState(State::Disabled) => Kind::UserDisabled,
            Self::Delete => Kind::UserDeleted,
        }
    }

    /// Does it to a user, whose row is locked. Returns the user as it then is, or last was, and the sessions that ended
    /// while the user goes on.
    async fn apply(&self, c: &mut Connection, user: &User, now: OffsetDateTime) -> Result<(User, Vec<Uuid>), Error> {
        Ok(match self {
            Self::SetRoles(roles) => (store::set_roles(c, user.id, roles, now).await?, Vec::new()),
            Self::SetState(State::Active) => (store::set_state(c, user.id, State::Active, now).await?, Vec::new()),
            Self::SetState(State::Disabled) => {
                let ended = sessions::end_all(c, user.id, None, EndReason::UserDisabled, now).await?;
                (store::set_state(c, user.id, State::Disabled, now).await?, ended)
            }
            Self::Delete => {
                store::delete(c, user.id).await?;
                (user.clone(), Vec::new())
            }
        })
    }
}

fn names(roles: &[Role]) -> Vec<&'static str> {
    let name = |role: &Role| match role {
        Role::Admin => "admin",
    };
    roles.iter().map(name).collect()
}
