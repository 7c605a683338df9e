//! `ExportTodos`: a page is read when the one before is sent.

use std::collections::VecDeque;
use std::mem;

use futures_util::stream;
use proto::todo::v1 as wire;
use proto::todo::v1::export_todos_request::Format;
use service_kit::field::{Fields, Invalid};
use tonic::{Request, Status};

use super::super::names::ListName;
use super::super::{Parts, errors, messages, names};
use super::{Audience, Messages};
use crate::transfer::{Departure, Export, TEXT_BEGIN, TEXT_END};

/// Bytes of text in one message.
const PIECE: usize = 64 * 1024;
/// Todos in one message: with the longest texts two and a half megabytes.
const TODOS: usize = 32;

/// An export as its client has it.
struct Running {
    export: Export,
    /// The list, as the request names it.
    parent: String,
    /// What is read and not yet told.
    page: VecDeque<Departure>,
    ended: bool,
    told: Told,
}

/// What is told and not yet sent.
enum Told {
    Text(String),
    Todos(Vec<wire::TransferredTodo>),
}

/// Begins what a request asks for.
pub(in super::super) async fn begin(
    parts: &Parts,
    request: Request<wire::ExportTodosRequest>,
) -> Result<Messages<wire::ExportTodosResponse>, Status> {
    let audience = Audience::of(&request)?;
    let user = audience.caller.user();
    let wire::ExportTodosRequest { parent, format } = request.into_inner();
    let mut fields = Fields::default();
    let list = fields.parse::<ListName>("parent", &parent);
    let format = fields.take("format", Format::try_from(format).map_err(|_| Invalid::new("be a format")));
    let (ListName(list), format) = fields.all((list, format))?;
    let export = Export::begin(parts.database.clone(), user, list.of(user)).await;
    let export = export.map_err(|error| errors::todo(&error, names::LIST, &parent))?;
    let told = match format {
        Format::Unspecified | Format::Icalendar => Told::Text(TEXT_BEGIN.to_owned()),
        Format::Todos => Told::Todos(Vec::new()),
    };
    let running = Running { export, parent, page: VecDeque::new(), ended: false, told };
    Ok(audience.hear(parts, true, stream::try_unfold(Box::new(running), Running::step)))
}

impl Running {
    async fn step(mut self: Box<Self>) -> Result<Option<(wire::ExportTodosResponse, Box<Self>)>, Status> {
        while !self.ended && !self.told.is_full() {
            if let Some(todo) = self.page.pop_front() {
                self.told.add(todo);
                continue;
            }
            let page = self.export.next().await.map_err(|error| errors::todo(&error, names::LIST, &self.parent))?;
            self.page = page.into();
            self.ended = self.page.is_empty();
            if self.ended {
                self.told.end();
            }
        }
        Ok(self.told.take().map(|message| (message, self)))
    }
}

impl Told {
    fn add(&mut self, departure: Departure) {
        match self {
            Self::Text(text) => departure.write(text),
            Self::Todos(todos) => {
                let Departure { todo, rest, .. } = departure;
                todos.push(wire::TransferredTodo { todo: Some(messages::todo(todo)), icalendar: rest });
            }
        }
    }

    fn end(&mut self) {
        if let Self::Text(text) = self {
            text.push_str(TEXT_END);
        }
    }

    fn is_full(&self) -> bool {
        match self {
            Self::Text(text) => text.len() >= PIECE,
            Self::Todos(todos) => todos.len() >= TODOS,
        }
    }

    /// The next message, if there is anything left.
    fn take(&mut self) -> Option<wire::ExportTodosResponse> {
        let (mut icalendar, mut todos) = (Vec::new(), Vec::new());
        match self {
            Self::Text(text) => {
                let rest = text.split_off(text.floor_char_boundary(PIECE));
                icalendar = mem::replace(text, rest).into_bytes();
            }
            Self::Todos(told) => todos = mem::take(told),
        }
        (!icalendar.is_empty() || !todos.is_empty()).then_some(wire::ExportTodosResponse { icalendar, todos })
    }
}
