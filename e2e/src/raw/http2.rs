//! HTTP/2 requests, well-formed as HTTP/2 and with any headers and any body.

use bytes::{BufMut, Bytes, BytesMut};
use h2::client::SendRequest;
use http::{HeaderMap, Method, Request, StatusCode, request};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tonic::Status;

/// An HTTP/2 connection.
pub struct Http2 {
    sender: SendRequest<Bytes>,
    driver: JoinHandle<Result<(), h2::Error>>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Of HTTP, which is 200 for every gRPC answer, refusals included.
    pub http: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Everything between headers and trailers.
    pub body: Bytes,
    /// Trailers; empty when the headers end the stream.
    pub trailers: HeaderMap,
}

impl Answer {
    /// The status of the call, wherever it stands.
    ///
    /// # Panics
    /// When there is none: it is not an answer of gRPC.
    #[must_use]
    pub fn status(&self) -> Status {
        let status = Status::from_header_map(&self.trailers).or_else(|| Status::from_header_map(&self.headers));
        status.unwrap_or_else(|| panic!("not gRPC: {self:?}"))
    }
}

impl Http2 {
    /// Starts to speak HTTP/2. Succeeds whoever listens: the first request shows.
    ///
    /// # Errors
    /// The connection's.
    pub async fn open(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<Self, h2::Error> {
        let (sender, connection) = h2::client::handshake(stream).await?;
        Ok(Self { sender, driver: tokio::spawn(connection) })
    }

    /// One request with its whole body.
    ///
    /// # Errors
    /// The connection's or the stream's.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Answer, h2::Error> {
        let (parts, body) = request.into_parts();
        let mut sender = self.sender.clone().ready().await?;
        let (response, mut sending) = sender.send_request(Request::from_parts(parts, ()), false)?;
        sending.send_data(body, true)?;
        let (parts, mut receiving) = response.await?.into_parts();
        let mut body = BytesMut::new();
        while let Some(chunk) = receiving.data().await {
            let chunk = chunk?;
            receiving.flow_control().release_capacity(chunk.len())?;
            body.put(chunk);
        }
        let trailers = receiving.trailers().await?.unwrap_or_default();
        Ok(Answer { http: parts.status, headers: parts.headers, body: body.freeze(), trailers })
    }

    /// Asks for the health of the whole: the call that everybody may make.
    ///
    /// # Errors
    /// The connection's or the stream's.
    pub async fn check_health(&self) -> Result<Answer, h2::Error> {
        self.send(grpc("/grpc.health.v1.Health/Check", message(b""))).await
    }

    /// Waits until the connection has ended, and returns how.
    ///
    /// # Errors
    /// The connection's.
    pub async fn ended(self) -> Result<(), h2::Error> {
        self.driver.await.unwrap_or(Ok(()))
    }
}

/// What every gRPC call has, to be changed.
#[must_use]
pub fn call(path: &str) -> request::Builder {
    Request::builder()
        .method(Method::POST)
        .uri(format!("https://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
}

/// A gRPC call with a body of any bytes.
///
/// # Panics
/// When the path is not one.
#[must_use]
pub fn grpc(path: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    call(path).body(body.into()).expect("a request")
}

/// Bytes as one uncompressed gRPC message.
#[must_use]
pub fn message(bytes: &[u8]) -> Bytes {
    framed(0, u32::try_from(bytes.len()).unwrap_or(u32::MAX), bytes)
}

/// Bytes with a prefix that may lie.
#[must_use]
pub fn framed(compressed: u8, length: u32, bytes: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(5 + bytes.len());
    framed.put_u8(compressed);
    framed.put_u32(length);
    framed.put_slice(bytes);
    framed.freeze()
}
