//! The rule that one active admin always remains, however many are demoted, disabled or deleted at once: each such act
//! locks all active admins first, in one order, and decides by what it then sees.

use uuid::Uuid;

use super::Error;
use crate::user::{Role, State, User};

/// A user and all active admins, as they are while their rows are locked.
pub(super) struct Council {
    target: Uuid,
    seats: Vec<User>,
}

impl Council {
    /// From the locked rows.
    pub(super) fn new(target: Uuid, seats: Vec<User>) -> Self {
        Self { target, seats }
    }

    /// Whether somebody is an active admin.
    pub(super) fn admits(&self, caller: Uuid) -> bool {
        self.seats.iter().any(|user| user.id == caller && is_admin(user))
    }

    /// The user that something is done to.
    pub(super) fn target(&self) -> Result<&User, Error> {
        self.seats.iter().find(|user| user.id == self.target).ok_or(Error::NotFound)
    }

    /// Refuses to lose the target where nobody else is an active admin.
    pub(super) fn spares_the_target(&self) -> Result<(), Error> {
        let mut admins = self.seats.iter().filter(|user| is_admin(user)).map(|user| user.id);
        if admins.next() == Some(self.target) && admins.next().is_none() { Err(Error::LastAdmin) } else { Ok(()) }
    }
}

fn is_admin(user: &User) -> bool {
    user.state == State::Active && user.roles.contains(&Role::Admin)
}
