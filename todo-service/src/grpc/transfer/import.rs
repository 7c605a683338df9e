//! `ImportTodos`: two streams, of which each is read while the other is written.

use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::stream;
use proto::todo::v1 as wire;
use proto::todo::v1::import_finding::Kind;
use proto::todo::v1::import_todos_response::Content;
use service_kit::field::Fields;
use service_kit::serve::unreadable;
use service_kit::status::{Reason as Why, Refusal};
use tokio::time::timeout;
use tonic::{Code, Request, Status, Streaming};

use super::super::names::{ChosenId, ListName};
use super::super::{Parts, errors, names};
use super::arrivals::arrival;
use super::{Audience, Messages};
use crate::todo;
use crate::transfer::{Import, Place, Progress, Reason, Target, Told};
use crate::vtodo::Fault;

/// When nothing comes for so long, what has come is made: a client may wait for that before it sends more.
const LULL: Duration = Duration::from_millis(100);

/// An import as its client has it.
struct Running {
    import: Import,
    requests: Streaming<wire::ImportTodosRequest>,
    /// The list, as the request names it.
    parent: String,
    /// Todos that were sent as messages.
    count: u64,
    /// How long the client may say nothing.
    patience: Duration,
    /// Bytes of one message.
    max_bytes: NonZeroUsize,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// More may come.
    Open,
    /// All has come.
    Ended,
    /// All is told.
    Over,
}

/// Begins what the first message asks for.
pub(in super::super) async fn begin(
    parts: &Parts,
    max_bytes: NonZeroUsize,
    request: Request<Streaming<wire::ImportTodosRequest>>,
) -> Result<Messages<wire::ImportTodosResponse>, Status> {
    let audience = Audience::of(&request)?;
    let user = audience.caller.user();
    let mut requests = request.into_inner();
    let first = requests.message().await?.ok_or_else(nothing)?;
    let mut fields = Fields::default();
    let list = fields.parse::<ListName>("parent", &first.parent);
    let intent = fields.optional::<ChosenId>("request_id", &first.request_id);
    let (ListName(list), intent) = fields.all((list, intent))?;
    let target =
        Target { user, list: list.of(user), max: parts.limits.todos_per_list, request: intent.map(|ChosenId(id)| id) };
    let import = Import::begin(parts.database.clone(), parts.clock.clone(), parts.entropy.clone(), target).await;
    let import = import.map_err(|error| errors::todo(&error, names::LIST, &first.parent))?;
    let patience = Duration::from_millis(parts.limits.import_silence_ms.into());
    let parent = first.parent.clone();
    let mut running = Running { import, requests, parent, count: 0, patience, max_bytes, stage: Stage::Open };
    running.take(first);
    Ok(audience.hear(parts, false, stream::try_unfold(Box::new(running), Running::step)))
}

impl Running {
    /// Reads on until there is something to tell.
    async fn step(mut self: Box<Self>) -> Result<Option<(wire::ImportTodosResponse, Box<Self>)>, Status> {
        let content = loop {
            match (self.import.next().await.map_err(|error| self.refusal(&error))?, self.stage) {
                (Some(Told::Progress(so_far)), _) => break progress(so_far, false),
                (Some(Told::Finding(place, reason)), _) => break finding(place, &reason),
                (None, Stage::Open) => self.hear().await?,
                (None, Stage::Ended) => {
                    self.stage = Stage::Over;
                    break progress(self.import.progress(), true);
                }
                (None, Stage::Over) => return Ok(None),
            }
        };
        Ok(Some((wire::ImportTodosResponse { content: Some(content) }, self)))
    }

    /// Waits for what the client says next.
    async fn hear(&mut self) -> Result<(), Status> {
        let patience = if self.import.has_some() { LULL } else { self.patience };
        match timeout(patience, self.requests.message()).await {
            Ok(Ok(Some(message))) => self.take(message),
            Ok(Ok(None)) => {
                self.import.end();
                self.stage = Stage::Ended;
            }
            Ok(Err(status)) => return Err(unreadable(status, self.max_bytes)),
            Err(_) if self.import.has_some() => {
                self.import.flush().await.map_err(|error| self.refusal(&error))?;
            }
            Err(_) => return Err(errors::import_silent(self.patience)),
        }
        Ok(())
    }

    fn refusal(&self, error: &todo::Error) -> Status {
        errors::todo(error, names::LIST, &self.parent)
    }

    fn take(&mut self, message: wire::ImportTodosRequest) {
        self.import.text(message.icalendar);
        for sent in &message.todos {
            self.count += 1;
            match arrival(self.count, sent) {
                Ok(arrival) => self.import.todo(arrival),
                Err((place, reason)) => self.import.refuse(place, reason),
            }
        }
    }
}

fn nothing() -> Status {
    Refusal::new(Code::InvalidArgument, Why::MessageMalformed, "the stream has no message").into()
}

fn progress(so_far: Progress, done: bool) -> Content {
    let Progress { created, existing, refused, skipped } = so_far;
    Content::Progress(wire::ImportProgress {
        created_count: created,
        existing_count: existing,
        refused_count: refused,
        skipped_count: skipped,
        done,
    })
}

fn finding(place: Place, reason: &Reason) -> Content {
    let (line, number) = match place {
        Place::Line(line) => (line, 0),
        Place::Number(number) => (0, number),
    };
    let (kind, message) = match reason {
        Reason::Unreadable(fault) => (kind(*fault), fault.to_string()),
        Reason::Invalid(words) => (Kind::FieldInvalid, words.clone()),
        Reason::Kept(notice) => (Kind::Kept, notice.to_string()),
    };
    Content::Finding(wire::ImportFinding {
        kind: kind.into(),
        line: line.try_into().unwrap_or(i64::MAX),
        number: number.try_into().unwrap_or(i64::MAX),
        message,
    })
}

fn kind(fault: Fault) -> Kind {
    match fault {
        Fault::LineTooLong | Fault::TooLarge | Fault::TooManyLines | Fault::TooDeep | Fault::TooMuchKept => {
            Kind::TooLarge
        }
        Fault::NoCalendar
        | Fault::NotEnded
        | Fault::Mismatched
        | Fault::NotText
        | Fault::NotAProperty
        | Fault::NoTitle => Kind::Malformed,
    }
}
