//! The server that `cargo xtask up` and the tests talk to.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use rustix::process::Signal;
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep},
};

use crate::{
    database::{Address, Database, Role, parse_url},
    server::Server,
    throwaway,
};

/// How long a server may take to accept connections. A crashed one replays its log first.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A Postgres server with TLS, log-in by certificate, and our roles and schemas.
///
/// A server that we started stops when this is dropped or the process ends.
pub struct Cluster {
    address: Address,
    /// `None` when `DATABASE_URL` names somebody else's server.
    server: Option<Server>,
    _broom: Option<throwaway::Broom>,
}

impl Cluster {
    /// The server that all tests of this process share; each makes a database of its own in it.
    ///
    /// # Errors
    /// When there is no Postgres to be had; the message says what to install.
    pub async fn throwaway() -> anyhow::Result<&'static Self> {
        static SHARED: OnceCell<Cluster> = OnceCell::const_new();
        SHARED
            .get_or_try_init(async || match external()? {
                Some(cluster) => cluster.bootstrapped().await,
                None => Self::private().await,
            })
            .await
    }

    /// A server for one test alone, which may stop and kill it.
    pub async fn private() -> anyhow::Result<Self> {
        let home = tempfile::Builder::new().prefix("local-postgres-").tempdir()?;
        let server = Server::prepare(home.path()).await?;
        let broom = throwaway::Broom::for_directory(server.home(), server.account())?;
        // From here on the broom removes it: this process may be killed.
        let _ = home.keep();
        let certificates = server.home().join("certificates");
        certs::keep_fresh(&certificates)?;
        throwaway::hand_over(&certificates, server.account())?;
        Self::started(server, certificates, Some(broom)).await
    }

    /// The server whose data stays in `directory`, with the certificates that
    /// [`certs::keep_fresh`] keeps in `certificates`.
    ///
    /// # Errors
    /// As for [`Cluster::throwaway`], and when another process runs this cluster.
    pub async fn persistent(directory: &Path, certificates: &Path) -> anyhow::Result<Self> {
        if let Some(cluster) = external()? {
            return cluster.bootstrapped().await;
        }
        let server = Server::prepare(directory).await?;
        Self::started(server, certificates.to_owned(), None).await
    }

    async fn started(server: Server, certificates: PathBuf, broom: Option<throwaway::Broom>) -> anyhow::Result<Self> {
        let address = Address { host: "127.0.0.1".to_owned(), port: server.port(), certificates };
        let cluster = Self { address, server: Some(server), _broom: broom };
        cluster.start().await?;
        cluster.bootstrapped().await
    }

    async fn bootstrapped(self) -> anyhow::Result<Self> {
        self.address.bootstrap().await?;
        Ok(self)
    }

    /// Whether we started the server, and can stop it.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.server.is_some()
    }

    /// The host, 127.0.0.1 for a server of our own.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.address.host
    }

    /// The port, which a restart keeps.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port
    }

    /// The directory of `ca.pem`, and of `db-*.pem` and `db-*.key` of each role.
    #[must_use]
    pub fn certificates(&self) -> &Path {
        &self.address.certificates
    }

    /// The way to connect to `database` as `role`, over TLS that verifies both sides.
    #[must_use]
    pub fn options(&self, database: &str, role: Role) -> PgConnectOptions {
        self.address.options(database, role)
    }

    /// A connection to `database` as `role`.
    pub async fn connect(&self, database: &str, role: Role) -> sqlx::Result<PgConnection> {
        self.address.connect(database, role).await
    }

    /// A connection to `database` as the superuser.
    pub async fn admin(&self, database: &str) -> sqlx::Result<PgConnection> {
        self.connect(database, Role::Admin).await
    }

    /// A new database, copied from `template`: by default `todo`, which has the schemas and
    /// rights and no tables. Nobody may be connected to the template.
    pub async fn create_database(&self, template: Option<&str>) -> anyhow::Result<Database> {
        self.address.create_database(template).await
    }

    /// Starts a stopped or killed server again, on the same port, and waits until it answers.
    pub async fn start(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        self.server()?.launch(self.certificates()).await?;
        loop {
            let answer = match self.admin("postgres").await {
                Ok(connection) => return Ok(connection.close().await?),
                Err(answer) => answer,
            };
            match self.server()?.failure() {
                // Its killed predecessor's backends need a moment to notice.
                Some(reason) if reason.contains("pre-existing shared memory block") => {
                    self.server()?.launch(self.certificates()).await?;
                }
                Some(reason) => anyhow::bail!("Postgres does not start:\n{reason}"),
                None => {}
            }
            if Instant::now() > deadline {
                return Err(answer).context("Postgres does not become ready");
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops the server as an operator would: sessions are ended, a checkpoint is written.
    pub async fn stop(&self) -> anyhow::Result<()> {
        self.server()?.tell(Signal::INT)?;
        self.server()?.ended().await
    }

    /// Stops the server at once, without a checkpoint: the next start recovers.
    pub async fn stop_immediate(&self) -> anyhow::Result<()> {
        self.server()?.tell(Signal::QUIT)?;
        self.server()?.ended().await
    }

    /// `kill -9` of every process of the server.
    pub async fn kill_hard(&self) -> anyhow::Result<()> {
        self.server()?.signal(Signal::KILL)?;
        self.server()?.ended().await
    }

    /// Stops every process of the server where it stands: connections stay open, nobody answers.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.server()?.signal(Signal::STOP)
    }

    /// Ends a pause.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.server()?.signal(Signal::CONT)
    }

    fn server(&self) -> anyhow::Result<&Server> {
        self.server.as_ref().context("the server of DATABASE_URL is not ours to start and stop")
    }
}

/// The server of `DATABASE_URL`, if that is set. Its certificates must be signed by the authority
/// that the server trusts, and lie in one directory under the names of [`certs::generate`].
fn external() -> anyhow::Result<Option<Cluster>> {
    let Ok(url) = env::var("DATABASE_URL") else {
        return Ok(None);
    };
    let address = parse_url(&url)?;
    Ok(Some(Cluster { address, server: None, _broom: None }))
}
