//! auth-service as a test wants it: what it says is said by the test.

use std::pin::Pin;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use proto::auth::v1 as wire;
use proto::auth::v1::token_service_server::{TokenService, TokenServiceServer};
use proto::auth::v1::watch_security_events_response::Content;
use todo_service::grpc::upstream::Upstream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::{Endpoint, Server, Uri};
use tonic::{Request, Response, Status};
use tower::service_fn;
use uuid::Uuid;

/// What introspection answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    Active,
    Inactive,
    Nothing,
}

/// The other end of a feed.
pub(crate) struct Stream {
    pub(crate) replica: usize,
    /// The cursor that it was opened with.
    pub(crate) cursor: String,
    messages: UnboundedSender<Result<wire::WatchSecurityEventsResponse, Status>>,
}

/// The test's side.
pub(crate) struct Auth {
    replicas: Vec<Replica>,
    streams: UnboundedReceiver<Stream>,
    acknowledged: UnboundedReceiver<String>,
    state: Arc<Mutex<State>>,
}

struct State {
    says: Says,
    asked: usize,
    refusals: usize,
}

#[derive(Clone)]
struct Replica {
    number: usize,
    streams: UnboundedSender<Stream>,
    acknowledged: UnboundedSender<String>,
    state: Arc<Mutex<State>>,
}

impl Auth {
    pub(crate) fn with_replicas(count: usize) -> Self {
        let (opened, streams) = unbounded_channel();
        let (acknowledges, acknowledged) = unbounded_channel();
        let state = Arc::new(Mutex::new(State { says: Says::Active, asked: 0, refusals: 0 }));
        let replica = |number| Replica {
            number,
            streams: opened.clone(),
            acknowledged: acknowledges.clone(),
            state: Arc::clone(&state),
        };
        Self { replicas: (0..count).map(replica).collect(), streams, acknowledged, state }
    }

    pub(crate) fn upstream(&self) -> Upstream {
        Upstream::over(self.replicas.iter().cloned().map(Replica::channel).collect())
    }

    /// The next stream that is opened.
    pub(crate) async fn stream(&mut self) -> Stream {
        self.streams.recv().await.unwrap()
    }

    /// The cursor that is acknowledged next.
    pub(crate) async fn acknowledged(&mut self) -> String {
        self.acknowledged.recv().await.unwrap()
    }

    /// What introspection answers from now on.
    pub(crate) fn says(&self, says: Says) {
        self.state.lock().says = says;
    }

    /// How many tokens were introspected.
    pub(crate) fn asked(&self) -> usize {
        self.state.lock().asked
    }

    /// So many acknowledgements are refused.
    pub(crate) fn refuses_acknowledgements(&self, count: usize) {
        self.state.lock().refusals = count;
    }
}

impl Stream {
    pub(crate) fn say(&self, cursor: &str, content: Content) {
        let message = wire::WatchSecurityEventsResponse { cursor: cursor.into(), time: None, content: Some(content) };
        self.messages.send(Ok(message)).unwrap();
    }

    pub(crate) fn fails(self) {
        self.messages.send(Err(Status::unavailable("stopping"))).unwrap();
    }
}

impl Replica {
    /// In memory: while bytes wait in a real socket, tokio would think that nothing is to be done.
    fn channel(self) -> tonic::transport::Channel {
        let connect = service_fn(move |_: Uri| {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            let service = TokenServiceServer::new(self.clone());
            let incoming = tokio_stream::once(Ok::<_, std::io::Error>(theirs));
            tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
            async move { Ok::<_, std::io::Error>(TokioIo::new(ours)) }
        });
        Endpoint::from_static("http://auth.test").connect_with_connector_lazy(connect)
    }
}

#[tonic::async_trait]
impl TokenService for Replica {
    type WatchSecurityEventsStream =
        Pin<Box<dyn futures_util::Stream<Item = Result<wire::WatchSecurityEventsResponse, Status>> + Send>>;

    async fn introspect_token(
        &self,
        _: Request<wire::IntrospectTokenRequest>,
    ) -> Result<Response<wire::IntrospectTokenResponse>, Status> {
        let mut state = self.state.lock();
        state.asked += 1;
        let active = match state.says {
            Says::Nothing => return Err(Status::unavailable("down")),
            says => says == Says::Active,
        };
        Ok(Response::new(wire::IntrospectTokenResponse { active, ..Default::default() }))
    }

    async fn watch_security_events(
        &self,
        request: Request<wire::WatchSecurityEventsRequest>,
    ) -> Result<Response<Self::WatchSecurityEventsStream>, Status> {
        let (messages, received) = unbounded_channel();
        let cursor = request.into_inner().cursor;
        self.streams.send(Stream { replica: self.number, cursor, messages }).unwrap();
        Ok(Response::new(Box::pin(UnboundedReceiverStream::new(received))))
    }

    async fn acknowledge_events(
        &self,
        request: Request<wire::AcknowledgeEventsRequest>,
    ) -> Result<Response<wire::AcknowledgeEventsResponse>, Status> {
        let mut state = self.state.lock();
        if state.refusals > 0 {
            state.refusals -= 1;
            return Err(Status::unavailable("down"));
        }
        self.acknowledged.send(request.into_inner().cursor).unwrap();
        Ok(Response::new(wire::AcknowledgeEventsResponse {}))
    }
}

/// The message that gives out keys, for tokens that live so long.
pub(crate) fn keys(keys: &[service_kit::token::Jwk], seconds: i64) -> Content {
    let wire = |key: &service_kit::token::Jwk| {
        let service_kit::token::Jwk { kty, crv, alg, use_, kid, x } = key.clone();
        wire::Jwk { kty, crv, alg, r#use: use_, kid, x }
    };
    let token_lifetime = Some(prost_types::Duration { seconds, nanos: 0 });
    Content::Keys(wire::TokenKeys { keys: keys.iter().map(wire).collect(), token_lifetime })
}

/// An event in which nothing happened to a user, to add to.
pub(crate) fn event(user: Uuid, at: i64) -> wire::SecurityEvent {
    let event_time = Some(prost_types::Timestamp { seconds: at, nanos: 0 });
    wire::SecurityEvent { event_time, user: format!("users/{user}"), ..Default::default() }
}

/// A part of a snapshot.
pub(crate) fn snapshot(events: &[wire::SecurityEvent], complete: bool) -> Content {
    Content::Snapshot(wire::SecuritySnapshot { events: events.to_vec(), complete })
}

/// The message that says that nothing is missing.
pub(crate) fn bookmark() -> Content {
    Content::Bookmark(wire::Bookmark {})
}
