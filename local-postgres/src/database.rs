//! Roles, connections and databases on a server, whoever started it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use uuid::Uuid;

const ROLES: &str = include_str!("../bootstrap/10-roles.sql");
const RIGHTS: &str = include_str!("../bootstrap/20-database.sql");

/// The database that `cargo xtask up` uses, and the template of those that tests use.
const TODO: &str = "todo";

/// Who connects. Each has a certificate whose common name is the role's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The superuser.
    Admin,
    /// auth-service as it runs.
    AuthService,
    /// `auth-service migrate`.
    AuthMigrator,
    /// todo-service as it runs.
    TodoService,
    /// `todo-service migrate`.
    TodoMigrator,
}

impl Role {
    /// The role's name in Postgres.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "postgres",
            Self::AuthService => "auth_service",
            Self::AuthMigrator => "auth_migrator",
            Self::TodoService => "todo_service",
            Self::TodoMigrator => "todo_migrator",
        }
    }

    /// The name of its files among the certificates, without `.pem` and `.key`.
    #[must_use]
    pub const fn certificate(self) -> &'static str {
        match self {
            Self::Admin => "db-admin",
            Self::AuthService => "db-auth-service",
            Self::AuthMigrator => "db-auth-migrator",
            Self::TodoService => "db-todo-service",
            Self::TodoMigrator => "db-todo-migrator",
        }
    }
}

/// A database that was made for one test.
#[derive(Clone, Debug)]
pub struct Database {
    /// Its name on the server.
    pub name: String,
}

/// Where a server is reached, and with which certificates.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) certificates: PathBuf,
}

impl Address {
    pub(crate) fn options(&self, database: &str, role: Role) -> PgConnectOptions {
        let file = |name: &str| self.certificates.join(name);
        PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .database(database)
            .username(role.name())
            .ssl_mode(PgSslMode::VerifyFull)
            .ssl_root_cert(file("ca.pem"))
            .ssl_client_cert(file(&format!("{}.pem", role.certificate())))
            .ssl_client_key(file(&format!("{}.key", role.certificate())))
    }

    pub(crate) async fn connect(&self, database: &str, role: Role) -> sqlx::Result<PgConnection> {
        PgConnection::connect_with(&self.options(database, role)).await
    }

    /// Roles, and the database `todo` with its schemas. Can be repeated.
    pub(crate) async fn bootstrap(&self) -> anyhow::Result<()> {
        let mut admin = self.connect("postgres", Role::Admin).await?;
        sqlx::raw_sql(ROLES).execute(&mut admin).await.context("cannot make the roles")?;
        let exists = sqlx::query("SELECT FROM pg_database WHERE datname = $1").bind(TODO);
        if exists.fetch_optional(&mut admin).await?.is_none() {
            sqlx::raw_sql("CREATE DATABASE todo").execute(&mut admin).await?;
        }
        admin.close().await?;
        self.grant(TODO).await
    }

    /// A new database, copied from `template`, by default the empty schemas of `todo`.
    pub(crate) async fn create_database(&self, template: Option<&str>) -> anyhow::Result<Database> {
        let name = unique_name();
        let template = template.unwrap_or(TODO);
        let create = AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE \"{template}\""));
        let mut admin = self.connect("postgres", Role::Admin).await?;
        let made = sqlx::raw_sql(create).execute(&mut admin).await;
        made.with_context(|| format!("cannot copy the database {template}"))?;
        admin.close().await?;
        self.grant(&name).await?;
        Ok(Database { name })
    }

    async fn grant(&self, database: &str) -> anyhow::Result<()> {
        let mut admin = self.connect(database, Role::Admin).await?;
        let granted = sqlx::raw_sql(RIGHTS).execute(&mut admin).await;
        granted.with_context(|| format!("cannot grant rights in {database}"))?;
        Ok(admin.close().await?)
    }
}

/// Unique among all the processes that use one server.
#[expect(clippy::disallowed_methods, reason = "a name, which no test needs to repeat")]
fn unique_name() -> String {
    format!("t_{}", Uuid::new_v4().simple())
}

/// The address in a `DATABASE_URL`, which must demand what we demand ourselves.
pub(crate) fn parse_url(url: &str) -> anyhow::Result<Address> {
    let options: PgConnectOptions = url.parse().context("DATABASE_URL cannot be read")?;
    anyhow::ensure!(
        matches!(options.get_ssl_mode(), PgSslMode::VerifyFull),
        "DATABASE_URL must say sslmode=verify-full"
    );
    anyhow::ensure!(
        options.get_username() == Role::Admin.name(),
        "DATABASE_URL must name the role {}",
        Role::Admin.name()
    );
    let mut parameters = url.split_once('?').map_or("", |(_, parameters)| parameters).split('&');
    let certificate = parameters.find_map(|pair| pair.strip_prefix("sslcert="));
    let directory = certificate.and_then(|file| Path::new(file).parent());
    let directory = directory.context("DATABASE_URL must have sslcert=DIR/db-admin.pem")?;
    Ok(Address { host: options.get_host().to_owned(), port: options.get_port(), certificates: directory.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::parse_url;

    #[test]
    fn a_url_leads_to_the_directory_of_the_certificates() {
        let url = "postgres://postgres@db.example:6432/postgres?sslmode=verify-full&sslcert=/c/db-admin.pem";
        let address = parse_url(url).expect("a good URL");
        assert_eq!((address.host.as_str(), address.port), ("db.example", 6432));
        assert_eq!(address.certificates.to_str(), Some("/c"));
    }

    #[test]
    fn a_url_that_allows_plaintext_is_refused() {
        let url = "postgres://postgres@localhost/postgres?sslmode=prefer&sslcert=/c/db-admin.pem";
        assert!(parse_url(url).is_err());
    }
}
