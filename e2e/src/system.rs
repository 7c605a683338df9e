//! Both services in this process, on free ports, over a database of their own.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use clap::Parser;
use local_postgres::{Cluster, Role};
use rustix::process::Signal;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::tls;
use sqlx::PgConnection;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::Channel;

use crate::client::{Client, PASSWORD, User};
use crate::mailbox::Mailbox;
use crate::probes::hears_auth_service;
use crate::process::Process;
use crate::settings::Settings;

/// A running pair. It stops when dropped.
pub struct System {
    /// The server that the database is on.
    pub cluster: &'static Cluster,
    /// Name of the database.
    pub database: String,
    /// The services' clock.
    pub clock: Clock,
    /// auth-service.
    pub auth: Service,
    /// todo-service.
    pub todo: Service,
    files: tempfile::TempDir,
}

/// One service of a pair.
pub struct Service {
    /// Where it serves gRPC.
    pub address: SocketAddr,
    /// Where its probes are.
    pub probes: SocketAddr,
    ended: JoinHandle<anyhow::Result<()>>,
    stop: DropGuard,
}

impl Service {
    /// Stops it, and returns how it ended.
    pub async fn stop(self) -> anyhow::Result<()> {
        drop(self.stop);
        self.ended.await?
    }
}

impl System {
    /// A pair on the test process's own Postgres, with the machine's clock.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start() -> Self {
        Self::with(Cluster::throwaway().await.expect("a Postgres server"), Clock::system()).await
    }

    /// A pair on the given Postgres with the given clock.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn with(cluster: &'static Cluster, clock: Clock) -> Self {
        Self::configured(cluster, clock, |settings| settings).await
    }

    /// A pair whose settings are changed first.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn configured(cluster: &'static Cluster, clock: Clock, change: impl Fn(Settings) -> Settings) -> Self {
        let system = Self::out_of_touch(cluster, clock, change).await;
        system.in_touch().await;
        system
    }

    /// A pair whose clocks differ; the system's is that of auth-service.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn with_clocks(cluster: &'static Cluster, auth: Clock, todo: Clock) -> Self {
        let here = async |service, settings| {
            running(service, &settings, if service == "todo-service" { &todo } else { &auth }).await
        };
        let system = Self::try_start(cluster, auth.clone(), here).await.expect("the system starts");
        system.in_touch().await;
        system
    }

    /// The same where todo-service need not get to hear auth-service.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn out_of_touch(cluster: &'static Cluster, clock: Clock, change: impl Fn(Settings) -> Settings) -> Self {
        let here = async |service, settings| running(service, &change(settings), &clock).await;
        Self::try_start(cluster, clock.clone(), here).await.expect("the system starts")
    }

    /// A pair of processes of their own, which log what the filter says.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn processes(log_filter: &str) -> Self {
        let cluster = Cluster::throwaway().await.expect("a Postgres server");
        let apart =
            async |service, settings: Settings| process(service, &settings.with("LOG_FILTER", log_filter)).await;
        let system = Self::try_start(cluster, Clock::system(), apart).await.expect("the system starts");
        system.in_touch().await;
        system
    }

    /// Waits until todo-service hears auth-service: before that it takes no tokens.
    async fn in_touch(&self) {
        let probes = self.todo.probes;
        crate::eventually("todo-service hears auth-service", async || hears_auth_service(probes).await).await;
    }

    /// A pair whose services `run` starts, by their names.
    async fn try_start(
        cluster: &'static Cluster,
        clock: Clock,
        run: impl AsyncFn(&'static str, Settings) -> anyhow::Result<Service>,
    ) -> anyhow::Result<Self> {
        log_guard::plant(PASSWORD);
        let database = migrated_database(cluster).await?;
        let files = tempfile::tempdir()?;
        let (auth_key, todo_key) = (files.path().join("auth.key"), files.path().join("todo.key"));
        key_file(&auth_key)?;
        key_file(&todo_key)?;
        let settings = Settings::of("auth-service", Role::AuthService, cluster, &database, &auth_key);
        let auth = run("auth-service", settings.mail_into(&files.path().join("mail"))).await?;
        let settings = Settings::of("todo-service", Role::TodoService, cluster, &database, &todo_key)
            .with("AUTH_ADDRESS", format!("https://{}", auth.address));
        let todo = run("todo-service", settings).await?;
        Ok(Self { cluster, database, clock, auth, todo, files })
    }

    /// Both, for what both must do: auth-service first.
    #[must_use]
    pub fn services(&self) -> [&Service; 2] {
        [&self.auth, &self.todo]
    }

    /// Somebody with the certificate of `name` and no token.
    #[must_use]
    pub fn peer(&self, name: &str) -> Client {
        Client::new(self.channel(self.auth.address, name), self.channel(self.todo.address, name), None)
    }

    /// Somebody with a client certificate and no token.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        self.peer("client")
    }

    /// A newly registered user, logged in.
    pub async fn user(&self, name: &str) -> User {
        self.anonymous().sign_up(name).await
    }

    /// A newly registered admin, logged in.
    ///
    /// # Panics
    /// When they cannot be made one.
    pub async fn administrator(&self, name: &str) -> User {
        let mut anonymous = self.anonymous();
        anonymous.register(name).await.expect("registered");
        let promote = "UPDATE auth.users SET roles = '{admin}' WHERE username = $1";
        sqlx::query(promote).bind(name).execute(&mut self.admin().await).await.expect("promoted");
        let granted = anonymous.log_in(name, PASSWORD).await.expect("logged in");
        User { client: anonymous.with_token(&granted.access_token), granted }
    }

    /// A channel to a service, with the certificate of `name`.
    ///
    /// # Panics
    /// When there is no such certificate.
    #[must_use]
    pub fn channel(&self, to: SocketAddr, name: &str) -> Channel {
        channel(self.cluster.certificates(), to, name)
    }

    /// Where mail goes, unless the settings were changed.
    #[must_use]
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::new(self.files.path().join("mail"))
    }

    /// The superuser's connection to the database.
    ///
    /// # Panics
    /// When the database is away.
    pub async fn admin(&self) -> PgConnection {
        self.cluster.admin(&self.database).await.expect("an admin's connection")
    }
}

/// A channel over mutual TLS with the certificate of `name`.
///
/// # Panics
/// When there is no such certificate.
#[must_use]
pub fn channel(certificates: &Path, to: SocketAddr, name: &str) -> Channel {
    let identity = tls::Settings {
        tls_certificate: certificates.join(format!("{name}.pem")),
        tls_key: certificates.join(format!("{name}.key")),
        tls_client_ca: certificates.join("ca.pem"),
        tls_crl: None,
    };
    let address = format!("https://{to}").parse().expect("an address");
    tls::channel(&identity, &address, "localhost").expect("an identity")
}

/// A database with both schemas: a copy of one that was migrated once for this process.
pub async fn migrated_database(cluster: &Cluster) -> anyhow::Result<String> {
    static TEMPLATE: OnceCell<(u16, String)> = OnceCell::const_new();
    let template = TEMPLATE
        .get_or_try_init(async || {
            let name = cluster.create_database(None).await?.name;
            migrate(cluster, &name).await?;
            anyhow::Ok((cluster.port(), name))
        })
        .await?;
    if template.0 == cluster.port() {
        return Ok(cluster.create_database(Some(&template.1)).await?.name);
    }
    let name = cluster.create_database(None).await?.name;
    migrate(cluster, &name).await?;
    Ok(name)
}

async fn migrate(cluster: &Cluster, database: &str) -> anyhow::Result<()> {
    auth_service::store::MIGRATOR.run(&mut cluster.connect(database, Role::AuthMigrator).await?).await?;
    todo_service::store::MIGRATOR.run(&mut cluster.connect(database, Role::TodoMigrator).await?).await?;
    Ok(())
}

/// Writes a service's secret.
pub fn key_file(path: &Path) -> anyhow::Result<()> {
    let digits =
        Entropy::system().bytes::<32>().iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    log_guard::plant(&digits);
    certs::write_private(path, digits.as_bytes())
}

/// A service in this process.
async fn running(service: &str, settings: &Settings, clock: &Clock) -> anyhow::Result<Service> {
    let flags = [service.to_owned(), "serve".to_owned()].into_iter().chain(settings.flags());
    let (clock, entropy) = (clock.clone(), Entropy::system());
    let app = if service == "auth-service" {
        use auth_service::config::{Cli, Command};
        let Command::Serve(config) = Cli::try_parse_from(flags)?.command else { anyhow::bail!("not serve") };
        auth_service::bind(*config, clock, entropy).await.context("auth-service")?
    } else {
        use todo_service::config::{Cli, Command};
        let Command::Serve(config) = Cli::try_parse_from(flags)?.command else { anyhow::bail!("not serve") };
        todo_service::bind(*config, clock, entropy).await.context("todo-service")?
    };
    let (address, probes, stop) = (app.address()?, app.probe_address()?, CancellationToken::new());
    Ok(Service { address, probes, ended: tokio::spawn(app.run(stop.clone())), stop: stop.drop_guard() })
}

/// A service in a process of its own.
async fn process(service: &str, settings: &Settings) -> anyhow::Result<Service> {
    let mut process = Process::serve(service, settings).await?;
    let (address, probes, stop) = (process.address, process.probes, CancellationToken::new());
    let stopped = stop.clone();
    let ended = tokio::spawn(async move {
        stopped.cancelled().await;
        process.signal(Signal::TERM)?;
        let status = process.ended().await?;
        anyhow::ensure!(status.success(), "it ended with {status}");
        Ok(())
    });
    Ok(Service { address, probes, ended, stop: stop.drop_guard() })
}
