//! How much mail one recipient gets, so that nobody can be flooded by what others do with their address.

use aws_lc_rs::hmac;
use service_kit::postgres;
use service_kit::secret::Secret;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::store::{Connection, mail_allowances as store};
use crate::user::Email;

/// What mail is counted by, and how much of it may go.
pub(super) struct Allowance {
    counted_by: String,
    an_hour: i32,
    spacing: Option<Duration>,
}

impl Allowance {
    /// Mail by which a user can choose a password: one a minute, five an hour.
    pub(super) fn resets(user: Uuid) -> Self {
        Self { counted_by: format!("resets of {user}"), an_hour: 5, spacing: Some(Duration::MINUTE) }
    }

    /// Mail of whatever kind that strangers can cause to an address: three an hour.
    pub(super) fn strangers(address: &Email) -> Self {
        Self { counted_by: format!("mail to {}", address.as_str().to_ascii_lowercase()), an_hour: 3, spacing: None }
    }
}

/// Counts mail, under keys that do not tell who it went to.
pub(super) struct Counter(hmac::Key);

impl Counter {
    pub(super) fn new(secret: &Secret) -> Self {
        Self(secret.mac("mail-allowance"))
    }

    /// Counts one mail, and says whether it may go.
    pub(super) async fn take(
        &self,
        c: &mut Connection,
        allowance: &Allowance,
        now: OffsetDateTime,
    ) -> Result<bool, postgres::Error> {
        let key = hmac::sign(&self.0, allowance.counted_by.as_bytes());
        store::take(c, key.as_ref(), allowance.an_hour, allowance.spacing, now).await
    }
}
