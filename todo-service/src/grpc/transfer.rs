//! Imports and exports, as streams of messages.

mod arrivals;
mod export;
mod import;

use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use service_kit::caller::{self, Caller};
use tonic::{Request, Status};

pub(super) use self::export::begin as export;
pub(super) use self::import::begin as import;
use super::{Parts, errors, guard};

/// The messages that answer a call.
pub(super) type Messages<T> = BoxStream<'static, Result<T, Status>>;

/// Who may be answered for how long.
struct Audience {
    caller: Caller,
    token: String,
}

impl Audience {
    fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        let token = caller::bearer(request.metadata().as_ref())?.to_owned();
        Ok(Self { caller: Caller::of(request)?, token })
    }

    /// Messages until one is an error, or the caller's token is good no more, or the service stops. A stream that is
    /// `safe` only reads.
    fn hear<T: Send + 'static>(
        self,
        parts: &Parts,
        safe: bool,
        messages: impl Stream<Item = Result<T, Status>> + Send + 'static,
    ) -> Messages<T> {
        let stop = parts.stop.clone();
        let ended = guard::ended(parts.clone(), self.caller, self.token, safe);
        let ended = Box::pin(async move {
            tokio::select! {
                status = ended => status,
                () = stop.cancelled() => errors::stopping(),
            }
        });
        let heard = stream::unfold(Some((messages.boxed(), ended)), |open| async move {
            let (mut messages, mut ended) = open?;
            let message = tokio::select! {
                biased;
                status = &mut ended => Err(status),
                message = messages.next() => message?,
            };
            let open = message.is_ok().then_some((messages, ended));
            Some((message, open))
        });
        heard.boxed()
    }
}
