//! Postgres and both services, from nothing to ready and back.

use std::{
    env, io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use local_postgres::{Cluster, Leash};
use service_kit::serve::{ProbeSettings, probe};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::spawn_blocking,
    time::{Instant, sleep},
};

use super::{
    key_file,
    output::{self, Ended},
    service::{AUTH, Service, Surroundings, TODO},
};
use crate::workspace;

/// How long a service may take to become ready, and an ended one to leave its port.
const PATIENCE: Duration = Duration::from_secs(20);

/// The running system. Dropped, it stops without anybody waiting for it.
pub(super) struct System {
    pub(super) cluster: Cluster,
    auth: Leash,
    todo: Leash,
    ended: UnboundedReceiver<Ended>,
}

impl System {
    /// Brings everything up, in the order in which one part needs another.
    pub(super) async fn start(port_offset: u16) -> anyhow::Result<Self> {
        let binaries = binaries()?;
        let certificates = workspace::certificates();
        println!("certificates  certs/dev: {}", certs::keep_fresh(&certificates)?);
        for service in [&AUTH, &TODO] {
            key_file::keep(&service.key_file())?;
        }
        let postgres = workspace::state().join("postgres");
        let (cluster, ()) = tokio::try_join!(Cluster::persistent(&postgres, &certificates), build())?;
        let directory = cluster.directory().unwrap_or(Path::new("(DATABASE_URL)"));
        let directory = directory.strip_prefix(workspace::root()).unwrap_or(directory);
        println!("postgres      {}:{}, data in {}", cluster.host(), cluster.port(), directory.display());

        let surroundings = Surroundings {
            database_host: cluster.host(),
            database_port: cluster.port(),
            database_certificates: cluster.certificates(),
            binaries: &binaries,
            port_offset,
        };
        let (sender, mut ended) = unbounded_channel();
        let auth = start(&AUTH, &surroundings, &sender, &mut ended).await?;
        let todo = start(&TODO, &surroundings, &sender, &mut ended).await?;
        Ok(Self { cluster, auth, todo, ended })
    }

    /// Waits until a service ends by itself; says which, and its last words.
    pub(super) async fn service_ended(&mut self) -> anyhow::Error {
        match self.ended.recv().await {
            Some(ended) => failure(&ended),
            None => anyhow::anyhow!("nobody watches the services"),
        }
    }

    /// Stops everything, callers first.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        for (service, leash) in [(&TODO, self.todo), (&AUTH, self.auth)] {
            let status = spawn_blocking(|| leash.stop()).await??;
            println!("{} stopped: {status}", service.name);
        }
        if self.cluster.directory().is_some() {
            self.cluster.stop().await?;
            println!("postgres stopped");
        }
        Ok(())
    }
}

async fn start(
    service: &'static Service,
    surroundings: &Surroundings<'_>,
    sender: &UnboundedSender<Ended>,
    ended: &mut UnboundedReceiver<Ended>,
) -> anyhow::Result<Leash> {
    let address = service.address(surroundings.port_offset);
    until_free(address).await?;
    service.migrate(surroundings)?;
    let mut leash = service.serve(surroundings)?;
    let output = leash.output().context("a fresh leash has its output")?;
    output::forward(service.name, output, &service.log(), sender.clone())?;
    tokio::select! {
        ready = until_ready(service.probe_address(surroundings.port_offset)) => {
            ready.with_context(|| format!("{} does not become ready", service.name))?;
        }
        Some(ended) = ended.recv() => return Err(failure(&ended)),
    }
    println!("{}  {address}", service.name);
    Ok(leash)
}

fn failure(ended: &Ended) -> anyhow::Error {
    anyhow::anyhow!("{} ended. Its last lines:\n{}", ended.name, ended.last_lines.join("\n"))
}

/// Services of an `up` that was killed are still ending; anything else will not go away.
async fn until_free(address: SocketAddr) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let mut said = false;
    while let Err(error) = TcpListener::bind(address) {
        let wait = error.kind() == io::ErrorKind::AddrInUse && Instant::now() < deadline;
        anyhow::ensure!(wait, "cannot listen on {address}: {error} (see --port-offset)");
        if !said {
            println!("waiting for {address}, where something still listens");
            said = true;
        }
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn until_ready(probe_address: SocketAddr) -> anyhow::Result<()> {
    let settings = ProbeSettings { probe_address };
    let deadline = Instant::now() + PATIENCE;
    while let Err(error) = probe(&settings).await {
        anyhow::ensure!(Instant::now() < deadline, "{error:#}");
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Beside our own binary, so that the target directory and profile are the same.
fn binaries() -> anyhow::Result<PathBuf> {
    let our_own = env::current_exe().context("cannot tell where we are")?;
    Ok(our_own.parent().map(Path::to_owned).unwrap_or_default())
}

/// Builds both services. With ourselves among the packages, cargo picks the same features for
/// shared dependencies as it did for us, and compiles none of them twice.
async fn build() -> anyhow::Result<()> {
    let mut cargo = workspace::cargo();
    // A DATABASE_URL is for us: sqlx's macros would take it for a database to compile against.
    cargo.env("SQLX_OFFLINE", "true");
    cargo.args(["build", "--quiet", "-p", AUTH.name, "-p", TODO.name, "-p", "xtask"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    spawn_blocking(move || workspace::run(&mut cargo)).await?
}
