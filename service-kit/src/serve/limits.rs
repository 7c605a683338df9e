//! Every limit, explicit. tonic 0.14.9 switches hyper's and h2's defences off unless they are set.

use std::num::{NonZeroU16, NonZeroU32, NonZeroUsize};
use std::time::Duration;

/// The limits of the transport; none can be switched off.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Bytes of a request message (a repeated field of empty messages grows 90 times when decoded)
    #[arg(long, env = "MAX_REQUEST_BYTES", default_value = "65536")]
    pub max_request_bytes: NonZeroUsize,
    /// Bytes of a request message of an rpc that carries many things
    #[arg(long, env = "MAX_BULK_BYTES", default_value = "1048576")]
    pub max_bulk_bytes: NonZeroUsize,
    /// Bytes of a response message
    #[arg(long, env = "MAX_RESPONSE_BYTES", default_value = "4194304")]
    pub max_response_bytes: NonZeroUsize,
    /// Calls in flight on one connection
    #[arg(long, env = "MAX_STREAMS", default_value = "100")]
    pub max_streams: NonZeroU32,
    /// Streams that a peer may make us reset before its connection is closed (CVE-2025-8671)
    #[arg(long, env = "MAX_RESETS", default_value = "256")]
    pub max_resets: NonZeroUsize,
    /// Bytes of a request's headers, decoded
    #[arg(long, env = "MAX_HEADER_BYTES", default_value = "16384")]
    pub max_header_bytes: NonZeroU32,
    /// Connections at once
    #[arg(long, env = "MAX_CONNECTIONS", default_value = "1024")]
    pub max_connections: NonZeroUsize,
    /// Connections at once of one peer, by the name in its certificate
    #[arg(long, env = "MAX_CONNECTIONS_PER_PEER", default_value = "64")]
    pub max_connections_per_peer: NonZeroUsize,
    /// Milliseconds that a TLS handshake may take
    #[arg(long, env = "HANDSHAKE_MS", default_value = "5000")]
    pub handshake_ms: NonZeroU32,
    /// Milliseconds that a unary call may take when its client sends no deadline
    #[arg(long, env = "DEADLINE_DEFAULT_MS", default_value = "10000")]
    pub deadline_default_ms: NonZeroU32,
    /// Milliseconds that a unary call may take whatever its client asks for
    #[arg(long, env = "DEADLINE_MAX_MS", default_value = "30000")]
    pub deadline_max_ms: NonZeroU32,
    /// Seconds between keepalive pings on a connection
    #[arg(long, env = "KEEPALIVE_SECONDS", default_value = "20")]
    pub keepalive_seconds: NonZeroU16,
    /// Seconds that the answer to a ping may take before the connection is closed
    #[arg(long, env = "KEEPALIVE_TIMEOUT_SECONDS", default_value = "10")]
    pub keepalive_timeout_seconds: NonZeroU16,
}

/// What a request message of this answer's rpc may have, in bytes, where it is not [`Limits::max_request_bytes`]. In the
/// answer's extensions, for whoever says why a message was too large.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimit(pub NonZeroUsize);

impl Limits {
    pub(super) fn handshake(&self) -> Duration {
        Duration::from_millis(self.handshake_ms.get().into())
    }

    pub(super) fn deadline_default(&self) -> Duration {
        Duration::from_millis(self.deadline_default_ms.get().into())
    }

    pub(super) fn deadline_max(&self) -> Duration {
        Duration::from_millis(self.deadline_max_ms.get().into())
    }

    /// hyper's HTTP/2 server with these limits set.
    pub(super) fn http2(&self) -> hyper::server::conn::http2::Builder<hyper_util::rt::TokioExecutor> {
        let mut http2 = hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new());
        http2
            .timer(hyper_util::rt::TokioTimer::new())
            .max_concurrent_streams(self.max_streams.get())
            .max_local_error_reset_streams(self.max_resets.get())
            // h2's own default, set so that no layer between can lose it (CVE-2023-44487).
            .max_pending_accept_reset_streams(20)
            .max_header_list_size(self.max_header_bytes.get())
            .keep_alive_interval(Duration::from_secs(self.keepalive_seconds.get().into()))
            .keep_alive_timeout(Duration::from_secs(self.keepalive_timeout_seconds.get().into()));
        http2
    }
}
