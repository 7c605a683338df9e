//! What an operator does at the command line: to users, to the keys, and to the consumers of the feed.

mod admin;

use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::postgres::Database;
use service_kit::secret::Secret;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use self::admin::admin;
use crate::config::{Consumers, KeySettings, Keys};
use crate::consumers;
use crate::signing_key::{Rotation, Schedule, Stage};

/// `keys`: each command prints the keys as they are after it.
pub async fn keys(command: &Keys) -> anyhow::Result<()> {
    let (Keys::List(settings) | Keys::Rotate(settings) | Keys::Revoke { settings, .. }) = command;
    let rotation = rotation(settings)?;
    match command {
        Keys::List(_) => {}
        Keys::Rotate(_) => rotation.rotate().await?,
        Keys::Revoke { kid, .. } => rotation.revoke(kid).await?,
    }
    for stored in rotation.keys().await? {
        let (state, since) = match stored.stage {
            Stage::Pending { since } => ("pending", since),
            Stage::Active { since } => ("active", since),
            Stage::Retired { since } => ("retired", since),
        };
        println!("{} {state} since {}", stored.key.kid, text(since)?);
    }
    Ok(())
}

/// `consumers`: each command prints the consumers as they are after it.
pub async fn consumers(command: &Consumers) -> anyhow::Result<()> {
    let (Consumers::List(environment) | Consumers::Forget { environment, .. }) = command;
    let consumers = consumers::Consumers::new(Database::new(&environment.database), Clock::system());
    if let Consumers::Forget { name, .. } = command {
        anyhow::ensure!(consumers.forget(name).await?, "there is no consumer {name}");
    }
    for consumer in consumers.all().await? {
        println!("{} has acted on {} events, seen {}", consumer.name, consumer.cursor, text(consumer.seen)?);
    }
    Ok(())
}

fn rotation(settings: &KeySettings) -> anyhow::Result<Rotation> {
    let KeySettings { environment, key_file, access_tokens, signing_keys } = settings;
    let schedule = Schedule::new(signing_keys, access_tokens.lifetime());
    let (database, secret) = (Database::new(&environment.database), Secret::read(key_file)?);
    Ok(Rotation::new(database, &secret, schedule, Clock::system(), Entropy::system())?)
}

fn text(at: OffsetDateTime) -> Result<String, time::error::Format> {
    at.format(&Rfc3339)
}
