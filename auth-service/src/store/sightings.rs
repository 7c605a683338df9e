//! When and whence `auth.sessions` were last seen.

use service_kit::postgres::{Database, Error};
use time::OffsetDateTime;

use crate::sightings::Sighting;

/// Writes sightings of live sessions that no replica has written since `before`. Rows that somebody holds are left alone:
/// the statement waits for nobody, so it cannot deadlock with what ends several sessions.
pub async fn write(database: &Database, seen: Vec<Sighting>, before: OffsetDateTime) -> Result<(), Error> {
    let sessions: Vec<_> = seen.iter().map(|sighting| sighting.session).collect();
    let times: Vec<_> = seen.iter().map(|sighting| sighting.at).collect();
    let peers: Vec<_> = seen.iter().map(|sighting| sighting.origin.peer.as_deref().map(str::to_owned)).collect();
    let addresses: Vec<_> = seen.iter().map(|sighting| sighting.origin.address.map(|at| at.to_string())).collect();
    let user_agents: Vec<_> = seen.into_iter().map(|sighting| sighting.origin.user_agent).collect();
    database
        .write(move |c| {
            Box::pin(async move {
                let query = sqlx::query_file!(
                    "src/store/sightings/write.sql",
                    &sessions,
                    &times,
                    &peers as &[Option<String>],
                    &addresses as &[Option<String>],
                    &user_agents as &[Option<String>],
                    before,
                );
                query.execute(c).await?;
                Ok(())
            })
        })
        .await
}
