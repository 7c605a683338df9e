//! Probes and metrics over plain HTTP on an address of their own, for whoever runs the service.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::routing::get;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::health::Health;
use crate::telemetry::metrics::Metrics;

/// Where the probes are.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct ProbeSettings {
    /// Address of /livez, /readyz and /metrics; keep it away from callers
    #[arg(long, env = "PROBE_ADDRESS")]
    pub probe_address: SocketAddr,
}

/// `/livez` (the process answers), `/readyz` (it can serve) and `/metrics` (OpenMetrics text).
pub(super) async fn serve(listener: std::net::TcpListener, health: Health, metrics: Arc<Metrics>) {
    let ready = move || async move { if health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE } };
    let router = Router::new()
        .route("/livez", get(async || StatusCode::OK))
        .route("/readyz", get(ready))
        .route("/metrics", get(async move || metrics.encode()));
    let served = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => axum::serve(listener, router).await,
        Err(error) => Err(error),
    };
    if let Err(error) = served {
        tracing::error!(%error, "the probes cannot be served");
    }
}

/// Asks the `/readyz` of a service on this machine, as a container's health check does: images hold no curl.
pub async fn probe(settings: &ProbeSettings) -> anyhow::Result<()> {
    let ask = async {
        let mut http = TcpStream::connect(settings.probe_address).await?;
        http.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        http.read_to_string(&mut answer).await?;
        anyhow::ensure!(answer.starts_with("HTTP/1.1 200 "), "not ready");
        Ok(())
    };
    tokio::time::timeout(Duration::from_secs(2), ask).await.context("no answer in time")?
}
