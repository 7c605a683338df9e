//! Which users a list is of, in which order, and where its pages end.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Role, State, User};

/// Above every character of a username or an address, and below every continuation of one.
const LAST: char = '\u{7f}';

/// Which users, and in which order. Every condition must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// In this state.
    pub state: Option<State>,
    /// With this role.
    pub role: Option<Role>,
    /// In order of what; for an address, those who have one.
    pub order: Order,
    /// What the text that they are ordered by begins with, in lower case.
    pub prefix: String,
}

/// What users are ordered by, in lower case: ASCII, byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Their usernames.
    Username,
    /// Their addresses, and among those who state one address their ids.
    Email,
}

/// Where a page ends: the text that its last user is ordered by, and the user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark(pub String, pub Uuid);

impl Filter {
    /// The states, each without and with the role of an admin, that are asked for: each is one range of an index.
    pub fn kinds(&self) -> impl Iterator<Item = (State, bool)> + use<> {
        let Self { state, role, .. } = *self;
        let kinds = [State::Active, State::Disabled].into_iter().flat_map(|state| [(state, false), (state, true)]);
        kinds.filter(move |(of, admin)| state.is_none_or(|state| state == *of) && (role.is_none() || *admin))
    }

    /// The texts that begin with the prefix: from the first to below the second.
    #[must_use]
    pub fn range(&self) -> (String, String) {
        (self.prefix.clone(), format!("{}{LAST}", self.prefix))
    }

    /// Where a page ends whose last user this is.
    #[must_use]
    pub fn mark(&self, last: &User) -> Mark {
        let text = match self.order {
            Order::Username => last.username.as_str(),
            Order::Email => last.email.as_ref().map_or("", |email| email.as_str()),
        };
        Mark(text.to_ascii_lowercase(), last.id)
    }
}
