//! What is told of each call: one line, one count, and the request id that ties them to the caller's answer.

pub mod metrics;

use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response};
use tonic::Code;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::{Instrument, Span};
use tracing_subscriber::EnvFilter;

use self::metrics::Metrics;
use crate::access;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::peer::Peer;

/// The header that carries the request id, in and out.
pub const REQUEST_ID: &str = "x-request-id";
/// Longest request id that is taken from a caller.
const MAX_REQUEST_ID: usize = 128;

/// The id of a call, in its extensions: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub Arc<str>);

/// How to log.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Logging")]
pub struct Settings {
    /// Form of the log lines, which go to standard error
    #[arg(long, env = "LOG_FORMAT", default_value = "human")]
    pub log_format: Format,
    /// What is logged, as tracing's EnvFilter reads it
    #[arg(long, env = "LOG_FILTER", default_value = "info")]
    pub log_filter: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Starts logging for the process. A panic becomes a log line too.
pub fn start(settings: &Settings) -> anyhow::Result<()> {
    let filter: EnvFilter = settings.log_filter.parse()?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match settings.log_format {
        Format::Human => lines.try_init(),
        Format::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging cannot start: {error}"))?;
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panic")));
    Ok(())
}

/// The layer that tells of each call.
#[derive(Clone)]
pub(crate) struct TelemetryLayer {
    metrics: Arc<Metrics>,
    clock: Clock,
}

impl TelemetryLayer {
    pub(crate) fn new(metrics: Arc<Metrics>, clock: Clock) -> Self {
        Self { metrics, clock }
    }
}

impl<S> Layer<S> for TelemetryLayer {
    type Service = Telemetry<S>;

    fn layer(&self, inner: S) -> Telemetry<S> {
        Telemetry { inner, layer: self.clone() }
    }
}

/// See [`TelemetryLayer`].
#[derive(Clone)]
pub(crate) struct Telemetry<S> {
    inner: S,
    layer: TelemetryLayer,
}

impl<S, B> Service<Request<B>> for Telemetry<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let id = request_id(request.headers(), &self.layer.clock);
        request.extensions_mut().insert(RequestId(id.to_str().unwrap_or_default().into()));
        let method = access::served(request.uri().path()).unwrap_or("unknown");
        let peer = request.extensions().get::<Peer>().map(|peer| Arc::clone(&peer.name));
        let span = span(&id, method, peer.as_deref());
        let (metrics, begun) = (Arc::clone(&self.layer.metrics), std::time::Instant::now());
        let answer = self.inner.call(request);
        let told = async move {
            let mut response = answer.await?;
            let code = response.headers().get("grpc-status").map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()));
            metrics.handled(method, code, begun.elapsed());
            tracing::info!(?code, ms = begun.elapsed().as_secs_f64() * 1e3, "call");
            response.headers_mut().insert(REQUEST_ID, id);
            Ok(response)
        };
        Box::pin(told.instrument(span))
    }
}

fn span(id: &HeaderValue, method: &str, peer: Option<&str>) -> Span {
    tracing::info_span!("rpc", request_id = id.to_str().unwrap_or_default(), method, peer)
}

/// The caller's id if it is 1 to 128 visible ASCII characters (anything else could forge a log line), or a new one.
fn request_id(headers: &HeaderMap, clock: &Clock) -> HeaderValue {
    let usable =
        |id: &&HeaderValue| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic);
    let made = || HeaderValue::from_str(&Entropy::system().id(clock.now()).to_string());
    match headers.get(REQUEST_ID).filter(usable) {
        Some(id) => id.clone(),
        None => made().unwrap_or_else(|_| HeaderValue::from_static("unknown")),
    }
}
