//! The server: our own accept loop, because tonic's takes TLS 1.2, resumes expired certificates, has no handshake
//! timeout, no revocation, no reload, and cannot say GOAWAY to one connection or end it at a deadline.
//!
//! One acceptor hands connections to workers: threads with a current-thread runtime, and with connections and caches of
//! their own (1.5 to 1.9 times the rate of a work-stealing runtime).

mod connection;
mod deadline;
mod health;
mod limits;
mod probes;
mod stack;
mod worker;

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::service::RoutesBuilder;

use self::health::{Condition, Health};
pub use self::limits::{Limits, RequestLimit};
pub use self::probes::{ProbeSettings, probe};
pub use self::stack::unreadable;
use self::worker::Workers;
use crate::clock::Clock;
use crate::postgres::Database;
use crate::telemetry::metrics::Metrics;
use crate::tls;

/// Where and how to serve.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Serving")]
pub struct Settings {
    /// Address to serve gRPC on; port 0 takes a free one
    #[arg(long, env = "LISTEN_ADDRESS")]
    pub listen_address: SocketAddr,
    /// Where probes and metrics are
    #[command(flatten)]
    pub probes: ProbeSettings,
    /// Worker threads; the number of cores if not set
    #[arg(long, env = "WORKERS")]
    pub workers: Option<NonZeroUsize>,
    /// Seconds that calls in flight have to finish when the service stops
    #[arg(long, env = "DRAIN_SECONDS", default_value_t = 10)]
    pub drain_seconds: u16,
    /// The certificate files
    #[command(flatten)]
    pub tls: tls::Settings,
    /// The limits
    #[command(flatten)]
    pub limits: Limits,
}

/// Adds the services of the worker that calls it.
type Routes = Box<dyn Fn(&mut RoutesBuilder) + Send + Sync>;

/// A service that is ready to run.
pub struct App {
    server: Server,
    database: Database,
    routes: Routes,
}

impl App {
    /// Where gRPC is served.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.server.grpc.local_addr()
    }

    /// Where probes and metrics are served.
    pub fn probe_address(&self) -> std::io::Result<SocketAddr> {
        self.server.probes.local_addr()
    }

    /// Serves until `stop`, then drains: no new connection, GOAWAY on each, calls in flight finish within the drain time.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        self.server.run(self.database, self.routes, stop).await
    }
}

/// A server whose ports are bound, so that its addresses are known before it serves.
pub struct Server {
    grpc: TcpListener,
    probes: TcpListener,
    settings: Settings,
    clock: Clock,
    services: &'static [&'static str],
    metrics: Metrics,
    conditions: Vec<Condition>,
    tasks: JoinSet<&'static str>,
    stop: CancellationToken,
}

impl Server {
    /// Binds the ports. `services` are the names of the gRPC services, for health.
    pub fn bind(settings: Settings, clock: Clock, services: &'static [&'static str]) -> anyhow::Result<Self> {
        Ok(Self {
            grpc: listen(settings.listen_address)?,
            probes: listen(settings.probes.probe_address)?,
            settings,
            clock,
            services,
            metrics: Metrics::default(),
            conditions: Vec::new(),
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
        })
    }

    /// A task that runs as long as the service does. If it ends before, the service fails.
    pub fn background(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled_owned(task).await;
            name
        });
    }

    /// Cancelled when the service stops: what would go on for longer than the drain time ends itself then.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Adds a figure to the metrics, read whenever they are: its name, and what it says.
    pub fn measure(&mut self, name: &'static str, help: &'static str, read: impl Fn() -> f64 + Send + Sync + 'static) {
        self.metrics.measure(name, help, read);
    }

    /// A name to ask health for besides those of the services, and whether it is well. Nothing else depends on it.
    pub fn report(&mut self, name: &'static str, is_well: impl Fn() -> bool + Send + Sync + 'static) {
        self.conditions.push(Condition { name, is_well: Box::new(is_well) });
    }

    /// The server with its services. `routes` is called once in every worker and adds that worker's; health and reflection
    /// come on top. `database` is what health depends on.
    pub fn mount(self, database: Database, routes: impl Fn(&mut RoutesBuilder) + Send + Sync + 'static) -> App {
        App { server: self, database, routes: Box::new(routes) }
    }

    async fn run(mut self, database: Database, routes: Routes, stop: CancellationToken) -> anyhow::Result<()> {
        let metrics = Arc::new(std::mem::take(&mut self.metrics));
        let identity = tls::Reloading::start(self.settings.tls.clone(), Arc::clone(&metrics), self.stop.clone())?;
        let health = Health::new(self.services).await;
        let conditions = std::mem::take(&mut self.conditions);
        self.background("health", health.clone().follow(database, conditions));
        let probes = probes::serve(self.probes.try_clone()?, health.clone(), Arc::clone(&metrics));
        self.background("probes", probes);
        let drain = Duration::from_secs(self.settings.drain_seconds.into());
        let (limits, stop_all) = (self.settings.limits.clone(), self.stop.clone());
        let context = connection::Context {
            limits,
            identity,
            metrics: Arc::clone(&metrics),
            clock: self.clock.clone(),
            drain,
            stop: stop_all,
        };
        let (reported, bounds) = (health.clone(), self.settings.limits.clone());
        let workers = Workers::start(self.worker_count(), &context, move |builder| {
            routes(builder);
            stack::add_health_and_reflection(builder, &reported, &bounds);
        })?;
        tracing::info!(grpc = %self.grpc.local_addr()?, probes = %self.probes.local_addr()?, "serving");
        let outcome = tokio::select! {
            () = stop.cancelled() => Ok(()),
            Some(ended) = self.tasks.join_next() => Err(ended_early(ended)),
            failed = worker::accept(self.grpc.try_clone()?, &workers, &self.settings.limits, &metrics) => failed,
        };
        self.tasks.abort_all();
        health.publish(false).await;
        self.stop.cancel();
        workers.join(drain).await;
        outcome
    }

    fn worker_count(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.settings.workers.map_or_else(cores, NonZeroUsize::get)
    }
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn ended_early(ended: Result<&'static str, tokio::task::JoinError>) -> anyhow::Error {
    match ended {
        Ok(name) => anyhow::anyhow!("the background task {name} ended by itself"),
        Err(panicked) => anyhow::anyhow!("a background task failed: {panicked}"),
    }
}
