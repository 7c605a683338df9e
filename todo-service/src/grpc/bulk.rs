//! Requests that carry many things. They may be larger than others, and their elements are counted before they are decoded:
//! a megabyte of empty requests becomes 300 of them in memory.

mod count;

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::task::{Context, Poll, ready};

use futures_util::future::{BoxFuture, Either};
use http::{Request, Response};
use service_kit::serve::RequestLimit;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

use self::count::Counted;

/// One service twice: as it takes requests of the usual size, and as it takes those of rpcs that are marked `bulk`.
#[derive(Clone)]
pub(super) struct BySize<S> {
    usual: S,
    bulk: S,
    limit: NonZeroUsize,
}

impl<S> BySize<S> {
    /// `limit` is that of `bulk`, in bytes of a message.
    pub(super) fn new(usual: S, bulk: S, limit: NonZeroUsize) -> Self {
        Self { usual, bulk, limit }
    }
}

/// The repeated field of an rpc's request whose elements are counted; its number is 2.
fn counted(path: &str) -> Option<&'static str> {
    match path {
        "/todo.v1.TodoService/BatchGetTodos" => Some("names"),
        "/todo.v1.TodoService/BatchCreateTodos"
        | "/todo.v1.TodoService/BatchUpdateTodos"
        | "/todo.v1.TodoService/BatchDeleteTodos" => Some("requests"),
        _ => None,
    }
}

impl<S> Service<Request<Body>> for BySize<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        ready!(self.usual.poll_ready(context))?;
        self.bulk.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        if !proto::access::rule(path).is_some_and(|rule| rule.bulk) {
            return Either::Left(self.usual.call(request));
        }
        let request = match counted(path) {
            Some(field) => request.map(|body| Body::new(Counted::new(body, field))),
            None => request,
        };
        let (answer, limit) = (self.bulk.call(request), self.limit);
        Either::Right(Box::pin(async move {
            let mut answer = answer.await?;
            answer.extensions_mut().insert(RequestLimit(limit));
            Ok(answer)
        }))
    }
}

impl<S: NamedService> NamedService for BySize<S> {
    const NAME: &'static str = S::NAME;
}
