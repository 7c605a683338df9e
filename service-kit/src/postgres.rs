//! The one way to the database: connections that we hold ourselves, and units of work that outlive their caller.
//!
//! `PgPool` is not used. sqlx 0.9 pings on every release (three round trips a statement: 15.6k gets a second
//! against 41.7k here), and a future dropped inside `begin` leaves a session inside a transaction that
//! a later `execute` joins and loses (23 of 300 cancels). tonic drops the handler's future whenever a client cancels.
//! So every piece of work runs in a task of its own, which owns its connection; the handler only awaits the answer.

mod connections;
mod error;
mod listen;
mod reach;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::Instrument;

use self::connections::{Connections, Lease};
pub use self::error::Error;
pub use self::listen::listen;
use self::reach::Reach;

/// How to reach the database, and the limits of its use.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Database")]
pub struct Settings {
    /// Host of the Postgres server; its certificate must name it
    #[arg(long, env = "DATABASE_HOST", default_value = "127.0.0.1")]
    pub database_host: String,
    /// Port of the Postgres server
    #[arg(long, env = "DATABASE_PORT", default_value_t = 5432)]
    pub database_port: u16,
    /// Name of the database
    #[arg(long, env = "DATABASE_NAME", default_value = "todo")]
    pub database_name: String,
    /// Role to log in as; the client certificate must carry it as its common name
    #[arg(long, env = "DATABASE_ROLE")]
    pub database_role: String,
    /// PEM file of the CA that signed the server's certificate (verify-full: there is no weaker mode)
    #[arg(long, env = "DATABASE_CA")]
    pub database_ca: PathBuf,
    /// PEM file of the client certificate
    #[arg(long, env = "DATABASE_CERTIFICATE")]
    pub database_certificate: PathBuf,
    /// PEM file of the client certificate's key
    #[arg(long, env = "DATABASE_KEY")]
    pub database_key: PathBuf,
    /// Connections a worker may hold at most
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value = "8")]
    pub database_connections: std::num::NonZeroU8,
    /// Milliseconds to wait for a free connection
    #[arg(long, env = "DATABASE_POOL_WAIT_MS", default_value = "500")]
    pub database_pool_wait_ms: std::num::NonZeroU32,
    /// Milliseconds that one statement may take
    #[arg(long, env = "DATABASE_STATEMENT_MS", default_value = "3000")]
    pub database_statement_ms: std::num::NonZeroU32,
    /// Milliseconds that one statement may wait for a lock
    #[arg(long, env = "DATABASE_LOCK_MS", default_value = "1000")]
    pub database_lock_ms: std::num::NonZeroU32,
    /// Milliseconds that a transaction may stand idle before Postgres ends it
    #[arg(long, env = "DATABASE_IDLE_IN_TRANSACTION_MS", default_value = "5000")]
    pub database_idle_in_transaction_ms: std::num::NonZeroU32,
}

impl Settings {
    /// Connect options: verify-full with a client certificate, always. sqlx's own default is `prefer`, which falls
    /// back to plain text, and `PGSSLMODE` could set it; neither is consulted.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        let millis = |n: std::num::NonZeroU32| n.to_string();
        PgConnectOptions::new_without_pgpass()
            .host(&self.database_host)
            .port(self.database_port)
            .database(&self.database_name)
            .username(&self.database_role)
            .ssl_mode(PgSslMode::VerifyFull)
            .ssl_root_cert(&self.database_ca)
            .ssl_client_cert(&self.database_certificate)
            .ssl_client_key(&self.database_key)
            .application_name(&self.database_role)
            .options([
                ("statement_timeout", millis(self.database_statement_ms)),
                ("lock_timeout", millis(self.database_lock_ms)),
                ("idle_in_transaction_session_timeout", millis(self.database_idle_in_transaction_ms)),
                // A batch of one planned anew each time costs 1.08 ms instead of 0.58.
                ("plan_cache_mode", "force_generic_plan".to_owned()),
            ])
    }

    fn statement(&self) -> Duration {
        Duration::from_millis(self.database_statement_ms.get().into())
    }
}

/// One connection outside the pool, for migrations and administration: no statement timeout applies.
pub async fn connect(settings: &Settings) -> Result<PgConnection, sqlx::Error> {
    let options = settings.options().options([("statement_timeout", "0"), ("lock_timeout", "0")]);
    PgConnection::connect_with(&options).await
}

/// Brings a schema up to date, as its migration role. Several at once wait for each other (an advisory lock).
pub async fn migrate(settings: &Settings, migrator: &sqlx::migrate::Migrator) -> anyhow::Result<()> {
    let mut connection = connect(settings).await.context("cannot connect to the database")?;
    migrator.run(&mut connection).await.context("the migrations failed")?;
    Ok(())
}

/// Work on a connection, as a boxed future that borrows it: `|c| Box::pin(async move { … })`.
pub type Work<'c, T, E> = BoxFuture<'c, Result<T, E>>;

/// The database as one worker uses it. Clones share the connections, which belong to the runtime that first used them.
#[derive(Clone)]
pub struct Database {
    settings: Arc<Settings>,
    connections: Arc<Connections>,
    reach: Reach,
    commits: watch::Sender<()>,
}

impl Database {
    /// Nothing connects until the first use.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let reach = Reach::default();
        let connections = Arc::new(Connections::new(settings, reach.clone()));
        Self { settings: Arc::new(settings.clone()), connections, reach, commits: watch::Sender::new(()) }
    }

    /// The same database with connections of its own, for another worker.
    #[must_use]
    pub fn sibling(&self) -> Self {
        let connections = Arc::new(Connections::new(&self.settings, self.reach.clone()));
        Self { connections, ..self.clone() }
    }

    /// Whether the server answers. All siblings are told: while it does not, their work fails at once
    /// instead of waiting each for itself.
    pub async fn probe(&self) -> bool {
        let ping = async {
            let mut lease = self.connections.acquire().await?;
            lease.connection().ping().await?;
            lease.give_back();
            Ok::<_, Error>(())
        };
        let answers = matches!(timeout(reach::PATIENCE, ping).await, Ok(Ok(())));
        self.reach.set(answers);
        answers
    }

    /// Wakes after every write here or by a sibling, once for any number of them: what it wrote, if it wrote anything, can
    /// be read then.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<()> {
        self.commits.subscribe()
    }

    /// One statement that changes nothing, in one round trip. A lost connection is [`Error::Unavailable`].
    pub async fn read<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T, Error> + Send + 'static,
    {
        self.statement(work, Effect::Reads).await
    }

    /// One statement that changes something, in one round trip, its own transaction.
    /// A connection lost on the way is [`Error::Unknown`]: it may have been applied.
    pub async fn write<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T, Error> + Send + 'static,
    {
        self.statement(work, Effect::Writes).await
    }

    /// Several statements, kept together or not at all. An error of `work` rolls back; what fails before
    /// COMMIT was sent had no effect, and an error from COMMIT is [`Error::Unknown`].
    pub async fn transaction<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        W: for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T, E> + Send + 'static,
    {
        let (Self { connections, reach, commits, .. }, patience) = (self.clone(), self.patience() * 2);
        detached(async move {
            reach.check()?;
            let mut lease = connections.acquire().await?;
            let outcome = reach.within(patience, in_transaction(lease.connection(), work)).await;
            commits.send_replace(());
            let outcome = outcome.unwrap_or_else(|| Err(Undone { error: Error::Unknown.into(), usable: false }));
            settle(lease, outcome.as_ref().err().is_none_or(|undone| undone.usable));
            outcome.map_err(|undone| undone.error)
        })
        .await
    }

    /// How long one statement may take: the server ends it at its timeout; a second more means that it is out of reach.
    fn patience(&self) -> Duration {
        self.settings.statement() + Duration::from_secs(1)
    }

    async fn statement<T, W>(&self, work: W, effect: Effect) -> Result<T, Error>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T, Error> + Send + 'static,
    {
        let (Self { connections, reach, commits, .. }, patience) = (self.clone(), self.patience());
        detached(async move {
            reach.check()?;
            let mut lease = connections.acquire().await?;
            let outcome = reach.within(patience, work(lease.connection())).await;
            let outcome = outcome.unwrap_or_else(|| Err(Error::Unavailable("no answer".to_owned())));
            settle(lease, !outcome.as_ref().is_err_and(Error::spoils_connection));
            match effect {
                Effect::Reads => outcome,
                Effect::Writes => {
                    commits.send_replace(());
                    outcome.map_err(Error::or_unknown)
                }
            }
        })
        .await
    }
}

/// What a statement does if it succeeds.
enum Effect {
    Reads,
    Writes,
}

/// A transaction that was not kept, or perhaps not.
struct Undone<E> {
    error: E,
    /// Whether the session is outside any transaction again.
    usable: bool,
}

/// BEGIN, the work, then COMMIT or ROLLBACK.
async fn in_transaction<T, E, W>(connection: &mut PgConnection, work: W) -> Result<T, Undone<E>>
where
    E: From<Error>,
    W: for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T, E>,
{
    let lost = |error: Error| Undone { error: error.into(), usable: false };
    execute(connection, "BEGIN").await.map_err(lost)?;
    match work(connection).await {
        Ok(done) => {
            execute(connection, "COMMIT").await.map_err(|error| lost(error.or_unknown()))?;
            Ok(done)
        }
        Err(error) => Err(Undone { error, usable: execute(connection, "ROLLBACK").await.is_ok() }),
    }
}

async fn execute(connection: &mut PgConnection, command: &'static str) -> Result<(), Error> {
    connection.execute(command).await?;
    Ok(())
}

fn settle(lease: Lease, usable: bool) {
    if usable { lease.give_back() } else { lease.condemn() }
}

/// Runs `work` in a task of its own: a caller that goes away takes nothing with it.
async fn detached<T, E>(work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    tokio::spawn(work.in_current_span())
        .await
        .unwrap_or_else(|panicked| Err(Error::Panicked(panicked.to_string()).into()))
}
