//! Sync tokens: how far a client has followed a list, or all of them. `ListTodos` gives one out, and `WatchTodos` goes on
//! from there.

use std::time::Duration;

use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::sealed::{InvalidToken, Scope, Tokens};
use service_kit::secret::Secret;
use tonic::Status;
use uuid::Uuid;

use super::errors;
use crate::revision::Revisions;
use crate::todo::Parent;
use crate::watch::Places;

/// Life of a sync token: what is deleted is kept as long, so a client that comes back in time need not begin anew.
const LIFE: Duration = Duration::from_hours(30 * 24);

/// Makes and reads sync tokens.
pub struct SyncTokens(Tokens);

impl SyncTokens {
    /// `None` only if the cipher refuses the key that was derived for it.
    #[must_use]
    pub fn new(secret: &Secret, clock: Clock, entropy: Entropy) -> Option<Self> {
        Tokens::new(secret, "sync-token", LIFE, clock, entropy).map(Self)
    }

    /// A token of `caller` for having all of these revisions, and what came before, of the todos below `parent`.
    #[must_use]
    pub fn seal(&self, caller: Uuid, parent: Parent, revisions: &Revisions) -> String {
        self.seal_at(caller, parent, &Places::from(revisions.clone()))
    }

    /// A token of `caller` for being at these places in the todos below `parent`. Where they do not fit, it begins anew.
    #[must_use]
    pub fn seal_at(&self, caller: Uuid, parent: Parent, places: &Places) -> String {
        let anew = Places::default();
        self.0.seal(scope(caller, &arguments(parent)), if places.fit() { places } else { &anew })
    }

    /// What a token was made for; nothing is known where there is none, or where it is too old.
    pub fn open(&self, caller: Uuid, parent: Parent, token: &str) -> Result<Places, Status> {
        if token.is_empty() {
            return Ok(Places::default());
        }
        match self.0.open(scope(caller, &arguments(parent)), token) {
            Ok(places) => Ok(places),
            Err(InvalidToken::TooOld) => Ok(Places::default()),
            Err(InvalidToken::Foreign) => Err(errors::sync_token_invalid()),
        }
    }
}

fn scope(caller: Uuid, arguments: &[u8]) -> Scope<'_> {
    Scope { caller, rpc: "WatchTodos", arguments }
}

/// No list has the nil UUID.
fn arguments(parent: Parent) -> [u8; 16] {
    match parent {
        Parent::All => [0; 16],
        Parent::One(list) => list.uuid().into_bytes(),
    }
}
