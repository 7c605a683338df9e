//! The server that `cargo xtask up` and the tests talk to.

mod control;

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use sqlx::{PgConnection, postgres::PgConnectOptions};
use tokio::sync::OnceCell;

use crate::{
    database::{Address, Database, Role, parse_url},
    server::Server,
    throwaway,
};

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
        let broom = throwaway::Broom::for_directory(&server.files.home, server.files.account.as_ref())?;
        // From here on the broom removes it: this process may be killed.
        let _ = home.keep();
        let certificates = server.files.home.join("certificates");
        certs::keep_fresh(&certificates)?;
        throwaway::hand_over(&certificates, server.files.account.as_ref())?;
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

    /// Where the server keeps its files; `None` for somebody else's server.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        self.server.as_ref().map(|server| server.files.home.as_path())
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

    /// The server, where we can start and stop it.
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
