//! Any rpc by its path, with any bytes: for tests that are generated from the contract.

use std::collections::HashMap;
use std::sync::OnceLock;

use bytes::{Buf, BufMut, Bytes};
use http::uri::PathAndQuery;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use crate::System;

/// The contract, options included.
///
/// # Panics
/// When the descriptors do not decode.
#[must_use]
pub fn contract() -> DescriptorPool {
    DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).expect("the descriptors decode")
}

/// Every rpc of the contract.
#[must_use]
pub fn methods() -> Vec<MethodDescriptor> {
    contract().services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// `/package.Service/Method`.
#[must_use]
pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// What an rpc's caller presents.
#[derive(Clone, Copy, Default)]
pub struct Presented<'a> {
    /// Name of the certificate; `client` if empty.
    pub certificate: &'a str,
    /// The whole `authorization` header.
    pub authorization: Option<&'a str>,
}

/// Presents the access token of a user.
#[must_use]
pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

impl System {
    /// Calls the rpc at `path`, on the service that has it.
    ///
    /// # Errors
    /// The rpc's.
    ///
    /// # Panics
    /// When the header is not one.
    pub async fn call(
        &self,
        path: &str,
        presented: Presented<'_>,
        message: impl Into<Bytes>,
    ) -> Result<Response<Bytes>, Status> {
        let to = if path.starts_with("/auth.") { self.auth.address } else { self.todo.address };
        let certificate = if presented.certificate.is_empty() { "client" } else { presented.certificate };
        let mut request = Request::new(message.into());
        if let Some(value) = presented.authorization {
            let value = MetadataValue::try_from(value).expect("a header value");
            request.metadata_mut().insert("authorization", value);
        }
        answer(self.channel(to, certificate), path, request).await
    }

    /// Calls an rpc as a user.
    ///
    /// # Errors
    /// The rpc's.
    pub async fn call_as(
        &self,
        token: &str,
        method: &MethodDescriptor,
        message: &DynamicMessage,
    ) -> Result<Response<Bytes>, Status> {
        let header = bearer(token);
        let presented = Presented { authorization: Some(&header), ..Presented::default() };
        self.call(&path(method), presented, prost_reflect::prost::Message::encode_to_vec(message)).await
    }
}

/// One call with raw bytes. Of a stream of answers, the first; the rest is not waited for. A stream of requests has this
/// one.
///
/// # Errors
/// The rpc's.
///
/// # Panics
/// When the path is not one.
pub async fn answer(channel: Channel, path: &str, request: Request<Bytes>) -> Result<Response<Bytes>, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| Status::unavailable(format!("not connected: {error:?}")))?;
    let uri = PathAndQuery::try_from(path).expect("a path");
    let Some(method) = streams().get(path) else { return grpc.unary(request, uri, Raw).await };
    let answers = if method.is_client_streaming() {
        grpc.streaming(request.map(tokio_stream::once), uri, Raw).await?
    } else {
        grpc.server_streaming(request, uri, Raw).await?
    };
    let (metadata, mut messages, extensions) = answers.into_parts();
    let first = messages.message().await?.ok_or_else(|| Status::internal("the stream has no message"))?;
    Ok(Response::from_parts(metadata, first, extensions))
}

/// The rpcs that answer with a stream, by their paths. None answers a stream with one message.
fn streams() -> &'static HashMap<String, MethodDescriptor> {
    static STREAMS: OnceLock<HashMap<String, MethodDescriptor>> = OnceLock::new();
    let streams = || methods().into_iter().filter(MethodDescriptor::is_server_streaming);
    STREAMS.get_or_init(|| streams().map(|method| (self::path(&method), method)).collect())
}

/// Bytes as they are.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = buffer.remaining();
        Ok(Some(buffer.copy_to_bytes(length)))
    }
}
