//! Worker threads, and the acceptor that hands them connections.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tonic::service::RoutesBuilder;

use super::connection::{Connection, Context, Slots};
use super::{Limits, stack};
use crate::telemetry::metrics::Metrics;

/// How long the acceptor rests after an error: file descriptors run out, and a tight loop would burn the core.
const AFTER_ERROR: Duration = Duration::from_millis(50);

/// A connection that was let in; the permit counts it as long as it lives.
struct Accepted {
    tcp: std::net::TcpStream,
    permit: OwnedSemaphorePermit,
}

/// The workers of a server.
pub(super) struct Workers {
    workers: Vec<Worker>,
}

struct Worker {
    connections: mpsc::UnboundedSender<Accepted>,
    /// Connections that it has now.
    load: Arc<AtomicUsize>,
    ended: oneshot::Receiver<()>,
}

impl Workers {
    /// Starts `count` threads; `routes` runs once in each.
    pub(super) fn start(
        count: usize,
        context: &Context,
        routes: impl Fn(&mut RoutesBuilder) + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let (routes, slots) = (Arc::new(routes), Slots::new(&context.limits));
        let start = |number| Worker::start(number, context.clone(), slots.clone(), Arc::clone(&routes));
        Ok(Self { workers: (0..count).map(start).collect::<anyhow::Result<_>>()? })
    }

    /// To the worker with the fewest connections: SO_REUSEPORT would hash, and few connections land unevenly.
    fn hand_over(&self, accepted: Accepted) {
        if let Some(worker) = self.workers.iter().min_by_key(|worker| worker.load.load(Ordering::Relaxed)) {
            worker.load.fetch_add(1, Ordering::Relaxed);
            // A worker that is gone takes the service with it; the connection closes.
            drop(worker.connections.send(accepted));
        }
    }

    /// Waits until every connection has ended; they end by themselves within `drain`.
    pub(super) async fn join(self, drain: Duration) {
        let all = futures_util::future::join_all(self.workers.into_iter().map(|worker| worker.ended));
        if tokio::time::timeout(drain + Duration::from_secs(1), all).await.is_err() {
            tracing::error!("a worker did not end in time");
        }
    }
}

impl Worker {
    fn start(
        number: usize,
        context: Context,
        slots: Slots,
        routes: Arc<impl Fn(&mut RoutesBuilder) + Send + Sync + 'static>,
    ) -> anyhow::Result<Self> {
        let (connections, accepted) = mpsc::unbounded_channel();
        let (ending, ended) = oneshot::channel();
        let load = Arc::new(AtomicUsize::new(0));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let held = Arc::clone(&load);
        std::thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(move || {
                runtime.block_on(async {
                    let mut builder = tonic::service::Routes::builder();
                    routes(&mut builder);
                    let routes = stack::catch_panics(builder.routes(), &context.metrics);
                    serve(accepted, Connection { context, slots, routes }, held).await;
                });
                drop(ending);
            })
            .context("cannot start a worker thread")?;
        Ok(Self { connections, load, ended })
    }
}

/// Serves connections as they come, until the service stops and the last of them has ended.
async fn serve(mut accepted: mpsc::UnboundedReceiver<Accepted>, connection: Connection, load: Arc<AtomicUsize>) {
    let stop = connection.context.stop.clone();
    let tracker = tokio_util::task::TaskTracker::new();
    while let Some(Some(Accepted { tcp, permit })) = stop.run_until_cancelled(accepted.recv()).await {
        let (connection, load) = (connection.clone(), Arc::clone(&load));
        tracker.spawn(async move {
            if let Ok(tcp) = TcpStream::from_std(tcp) {
                connection.serve(tcp).await;
            }
            load.fetch_sub(1, Ordering::Relaxed);
            drop(permit);
        });
    }
    tracker.close();
    tracker.wait().await;
}

/// Accepts until cancelled. An accept error never ends the loop (RUSTSEC-2024-0376).
pub(super) async fn accept(
    listener: TcpListener,
    workers: &Workers,
    limits: &Limits,
    metrics: &Metrics,
) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(limits.max_connections.get()));
    loop {
        let tcp = match listener.accept().await {
            Ok((tcp, _)) => tcp,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(AFTER_ERROR).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&places).try_acquire_owned() else {
            metrics.refused_connections.inc();
            tracing::warn!(limit = limits.max_connections, "connection refused: too many");
            continue;
        };
        // Without it a call takes 40 ms more; tonic's own setting does not reach a listener of ours.
        if let Ok(tcp) = tcp.set_nodelay(true).and_then(|()| tcp.into_std()) {
            workers.hand_over(Accepted { tcp, permit });
        }
    }
}
