//! Counts and durations, in a registry of this server's own: there is no global one, so two servers in
//! a test do not share it.

use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tonic::Code;

/// Seconds, from a cached read to the longest deadline.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Call {
    method: &'static str,
    code: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Method {
    method: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// What the server counts.
pub struct Metrics {
    registry: Registry,
    handled: Family<Call, Counter>,
    seconds: Family<Method, Histogram>,
    connections: Gauge,
    tls_reloads: Family<Outcome, Counter>,
    /// Connections that ended before their first call: TLS, identity, limits.
    pub(crate) refused_connections: Counter,
    /// Handlers that panicked.
    pub(crate) panics: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds: fn() -> Histogram = || Histogram::new(BUCKETS);
        let mut metrics = Self {
            registry: Registry::default(),
            handled: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            connections: Gauge::default(),
            tls_reloads: Family::default(),
            refused_connections: Counter::default(),
            panics: Counter::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("grpc_server_handled", "Calls answered, by method and code", metrics.handled.clone());
        registry.register("grpc_server_handling_seconds", "Time from request to answer", metrics.seconds.clone());
        registry.register("grpc_server_connections", "Connections open", metrics.connections.clone());
        let reloads = "Changes of the TLS files, by outcome: a refused one left the old identity in force";
        registry.register("tls_reloads", reloads, metrics.tls_reloads.clone());
        let refused = metrics.refused_connections.clone();
        registry.register("grpc_server_connections_refused", "Connections refused before a call", refused);
        registry.register("grpc_server_panics", "Handlers that panicked", metrics.panics.clone());
        metrics
    }
}

/// A figure that is read when the metrics are.
struct Measured<F> {
    name: &'static str,
    help: &'static str,
    read: F,
}

impl<F> fmt::Debug for Measured<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<F: Fn() -> f64 + Send + Sync + 'static> Collector for Measured<F> {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let figure = ConstGauge::new((self.read)());
        figure.encode(encoder.encode_descriptor(self.name, self.help, None, figure.metric_type())?)
    }
}

/// Counts an open connection until dropped.
pub(crate) struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    pub(crate) fn measure(
        &mut self,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        self.registry.register_collector(Box::new(Measured { name, help, read }));
    }

    pub(crate) fn open_connection(&self) -> Open {
        self.connections.inc();
        Open(self.connections.clone())
    }

    pub(crate) fn handled(&self, method: &'static str, code: Code, took: Duration) {
        self.handled.get_or_create(&Call { method, code: name(code) }).inc();
        self.seconds.get_or_create(&Method { method }).observe(took.as_secs_f64());
    }

    pub(crate) fn tls_reloaded(&self, loaded: bool) {
        self.tls_reloads.get_or_create(&Outcome { outcome: if loaded { "loaded" } else { "refused" } }).inc();
    }

    /// All of it as OpenMetrics text.
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        if let Err(error) = prometheus_client::encoding::text::encode(&mut text, &self.registry) {
            tracing::error!(%error, "the metrics cannot be encoded");
        }
        text
    }
}

/// The name of a code as the gRPC specification writes it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
