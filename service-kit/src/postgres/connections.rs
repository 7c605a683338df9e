//! A bounded stack of idle connections. The last one back is the first one out: it is warm, and the others age.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::reach::Reach;
use super::{Error, Settings};

/// A connection to a server that is up takes milliseconds; with the wait for a permit this stays below 2 s.
const CONNECT: Duration = Duration::from_secs(1);
/// A connection that rested longer is pinged before use.
const RESTED: Duration = Duration::from_secs(10);
/// The longest life of a connection: failovers and changed roles are noticed.
const LIFE: Duration = Duration::from_mins(30);

pub(super) struct Connections {
    options: PgConnectOptions,
    idle: Mutex<Vec<Held>>,
    permits: Arc<Semaphore>,
    wait: Duration,
    reach: Reach,
}

struct Held {
    connection: PgConnection,
    born: Instant,
    rests_since: Instant,
    losses: u64,
}

/// A connection on loan. Dropping it closes it; only [`Lease::give_back`] keeps it, so that a panic, an
/// abandoned task or an error path cannot hand on a session in an unknown state.
pub(super) struct Lease {
    held: Held,
    home: Arc<Connections>,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.held.connection
    }

    /// The session is in order: it may serve again.
    pub(super) fn give_back(self) {
        let Self { mut held, home, _permit } = self;
        held.rests_since = Instant::now();
        home.idle.lock().push(held);
    }

    /// The session was lost, and with it probably every other one of its age.
    pub(super) fn condemn(self) {
        self.home.reach.lose();
    }
}

impl Connections {
    pub(super) fn new(settings: &Settings, reach: Reach) -> Self {
        Self {
            options: settings.options().disable_statement_logging(),
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(settings.database_connections.get().into())),
            wait: Duration::from_millis(settings.database_pool_wait_ms.get().into()),
            reach,
        }
    }

    pub(super) async fn acquire(self: &Arc<Self>) -> Result<Lease, Error> {
        let permit = timeout(self.wait, Arc::clone(&self.permits).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(Error::Exhausted);
        };
        let held = match self.rested().await {
            Some(held) => held,
            None => self.connect().await?,
        };
        Ok(Lease { held, home: Arc::clone(self), _permit: permit })
    }

    /// An idle connection that is young, younger than the last loss, and awake.
    async fn rested(&self) -> Option<Held> {
        loop {
            let mut held = self.idle.lock().pop()?;
            if held.born.elapsed() > LIFE || held.losses != self.reach.losses() {
                continue;
            }
            if held.rests_since.elapsed() < RESTED {
                return Some(held);
            }
            if let Ok(Ok(())) = timeout(CONNECT, held.connection.ping()).await {
                return Some(held);
            }
        }
    }

    async fn connect(&self) -> Result<Held, Error> {
        let losses = self.reach.losses();
        let connection = timeout(CONNECT, PgConnection::connect_with(&self.options))
            .await
            .map_err(|_| Error::Unavailable("no connection in time".to_owned()))?
            .map_err(Error::from)?;
        let now = Instant::now();
        Ok(Held { connection, born: now, rests_since: now, losses })
    }
}
