//! The life of one connection: handshake, identity, calls, and the four ways it ends.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use parking_lot::Mutex;
use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use super::{Limits, stack};
use crate::clock::Clock;
use crate::peer::{Peer, RemoteAddress};
use crate::telemetry::metrics::Metrics;
use crate::tls::Reloading;

/// What every connection of a server shares.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) limits: Limits,
    pub(super) identity: Reloading,
    pub(super) metrics: Arc<Metrics>,
    pub(super) clock: Clock,
    pub(super) drain: Duration,
    pub(super) stop: CancellationToken,
}

/// Serves connections of one worker.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) context: Context,
    pub(super) slots: Slots,
    pub(super) routes: Routes,
}

impl Connection {
    /// From the accepted socket to the end.
    pub(super) async fn serve(self, tcp: TcpStream) {
        if let Err(reason) = self.try_serve(tcp).await {
            self.context.metrics.refused_connections.inc();
            tracing::info!(reason, "connection refused");
        }
    }

    async fn try_serve(&self, tcp: TcpStream) -> Result<(), String> {
        let Context { limits, identity, stop, .. } = &self.context;
        let mut changes = identity.changes();
        let remote = tcp.peer_addr().ok().map(|remote| RemoteAddress(remote.ip().to_canonical()));
        let acceptor = TlsAcceptor::from(Arc::clone(&identity.current().config));
        let tls = stop
            .run_until_cancelled(timeout(limits.handshake(), acceptor.accept(tcp)))
            .await
            .ok_or("the service stops")?
            .map_err(|_| "no TLS handshake in time".to_owned())?
            .map_err(|error| format!("TLS: {error}"))?;
        // rustls refuses other protocols than ours, and lets in who names none.
        if tls.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err("the client did not ask for h2".to_owned());
        }
        let (chain, peer) = identify(&tls)?;
        let _slot = self.slots.take(&peer.name).ok_or_else(|| format!("too many connections of {}", peer.name))?;
        let _open = self.context.metrics.open_connection();
        let service = stack::service(&self.context, peer.clone(), remote, self.routes.clone());
        let http = limits.http2().serve_connection(TokioIo::new(tls), TowerToHyperService::new(service));
        self.drive(http, &chain, &peer, &mut changes).await;
        Ok(())
    }

    /// Polls the connection until it ends by itself, is drained (the service stops, or its certificate ends: GOAWAY, then a
    /// cut at the drain deadline), or is cut at once because its certificate is no longer accepted.
    async fn drive<S>(
        &self,
        http: http2::Connection<TokioIo<TlsStream<TcpStream>>, S, TokioExecutor>,
        chain: &[CertificateDer<'static>],
        peer: &Peer,
        changes: &mut tokio::sync::watch::Receiver<u64>,
    ) where
        S: hyper::service::HttpService<hyper::body::Incoming, ResBody = tonic::body::Body>,
        S::Future: Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Context { identity, stop, drain, clock, .. } = &self.context;
        tokio::pin!(http);
        // The last second counts (RFC 5280, 4.1.2.5): who came back within it would be let in and sent away again.
        let expiry = sleep_until(after(peer.not_after + time::Duration::SECOND - clock.now()));
        tokio::pin!(expiry);
        let mut cut_at: Option<Instant> = None;
        loop {
            let cut = async {
                match cut_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let draining = cut_at.is_some();
            tokio::select! {
                _ = http.as_mut() => return,
                () = cut => return,
                () = stop.cancelled(), if !draining => {}
                () = expiry.as_mut(), if !draining => tracing::info!(peer = %peer.name, "certificate ended"),
                Ok(()) = changes.changed() => {
                    if identity.current().still_admits(chain) {
                        continue;
                    }
                    tracing::warn!(peer = %peer.name, "certificate no longer accepted: connection cut");
                    return;
                }
            }
            http.as_mut().graceful_shutdown();
            cut_at = Some(Instant::now() + *drain);
        }
    }
}

fn identify(tls: &TlsStream<TcpStream>) -> Result<(Vec<CertificateDer<'static>>, Peer), String> {
    let chain: Vec<_> =
        tls.get_ref().1.peer_certificates().unwrap_or_default().iter().map(|c| c.clone().into_owned()).collect();
    let leaf = chain.first().ok_or("no client certificate")?;
    let peer = Peer::from_certificate(leaf).map_err(|error| error.to_string())?;
    Ok((chain, peer))
}

fn after(remaining: time::Duration) -> Instant {
    Instant::now() + remaining.try_into().unwrap_or(Duration::ZERO)
}

/// Counts the connections of each peer.
#[derive(Clone)]
pub(super) struct Slots {
    taken: Arc<Mutex<HashMap<Arc<str>, usize>>>,
    limit: usize,
}

/// A place among its peer's connections, until dropped.
struct Slot {
    slots: Slots,
    name: Arc<str>,
}

impl Slots {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { taken: Arc::default(), limit: limits.max_connections_per_peer.get() }
    }

    fn take(&self, name: &Arc<str>) -> Option<Slot> {
        let mut taken = self.taken.lock();
        let count = taken.entry(Arc::clone(name)).or_default();
        if *count == self.limit {
            return None;
        }
        *count += 1;
        Some(Slot { slots: self.clone(), name: Arc::clone(name) })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken.lock();
        if let Some(count) = taken.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.name);
            }
        }
    }
}
