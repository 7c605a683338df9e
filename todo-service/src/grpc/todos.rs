//! `todo.v1.TodoService`.

use std::num::NonZeroUsize;

use proto::todo::v1 as wire;
use proto::todo::v1::todo_service_server::TodoService;
use service_kit::caller::Caller;
use service_kit::field::{Fields, Invalid};
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::mask::TodoMask;
use super::names::{ChosenId, ListName, TodoName};
use super::{Parts, content, errors, listing, messages, moves, names, transfer, watch};
use crate::revision::Etag;
use crate::todo::{self, Action, Change, Completion, Content, NewTodo, TodoKey};

/// The todos; and how many bytes of a message are read.
pub(super) struct Todos(pub(super) Parts, pub(super) NonZeroUsize);

type Reply = Result<Response<wire::Todo>, Status>;

#[tonic::async_trait]
impl TodoService for Todos {
    async fn create_todo(&self, request: Request<wire::CreateTodoRequest>) -> Reply {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let new = self.new_todo(caller.user(), &request)?;
        let made = todo::create(&self.0.database, &self.0.limits, new).await;
        reply(made, names::LIST, &request.parent)
    }

    async fn get_todo(&self, request: Request<wire::GetTodoRequest>) -> Reply {
        let caller = Caller::of(&request)?;
        let name = request.into_inner().name;
        let mut fields = Fields::default();
        let key = fields.parse::<TodoName>("name", &name);
        let (TodoName(key),) = fields.all((key,))?;
        let found = todo::get(&self.0.database, caller.user(), key).await;
        reply(found, names::TODO, &name)
    }

    async fn list_todos(
        &self,
        request: Request<wire::ListTodosRequest>,
    ) -> Result<Response<wire::ListTodosResponse>, Status> {
        let user = Caller::of(&request)?.user();
        let request = request.into_inner();
        let name = request.parent.clone();
        let asked = listing::parse(user, request)?;
        let bookmark = self.0.page_tokens.open(asked.scope(), &asked.token)?;
        let page = todo::listing::page(&self.0.database, asked.query.clone(), bookmark, asked.size).await;
        let page = page.map_err(|error| errors::todo(&error, names::LIST, &name))?;
        Ok(Response::new(asked.answer(&self.0, page)))
    }

    async fn update_todo(&self, request: Request<wire::UpdateTodoRequest>) -> Reply {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let (change, new) = update(caller.user(), &request)?;
        let changed = match new {
            None => todo::change(&self.0.database, &self.0.limits, change).await,
            Some(new) => todo::update_or_create(&self.0.database, &self.0.limits, change, new).await,
        };
        reply(changed, names::TODO, &request.todo.unwrap_or_default().name)
    }

    async fn complete_todo(&self, request: Request<wire::CompleteTodoRequest>) -> Reply {
        let caller = Caller::of(&request)?;
        let wire::CompleteTodoRequest { name, etag } = request.into_inner();
        let completion = Completion::new(self.0.entropy.id(self.0.clock.now()));
        self.act(&caller, &name, &etag, Action::Complete(completion)).await
    }

    async fn reopen_todo(&self, request: Request<wire::ReopenTodoRequest>) -> Reply {
        let caller = Caller::of(&request)?;
        let wire::ReopenTodoRequest { name, etag } = request.into_inner();
        self.act(&caller, &name, &etag, Action::Reopen).await
    }

    async fn move_todo(&self, request: Request<wire::MoveTodoRequest>) -> Reply {
        let user = Caller::of(&request)?.user();
        let request = request.into_inner();
        let order = moves::parse(user, &request)?;
        let moved = todo::relocate(&self.0.database, &self.0.limits, order).await;
        moved.map(|todo| Response::new(messages::todo(todo))).map_err(|error| moves::refused(&error, &request))
    }

    async fn undelete_todo(&self, request: Request<wire::UndeleteTodoRequest>) -> Reply {
        let user = Caller::of(&request)?.user();
        let wire::UndeleteTodoRequest { name, etag } = request.into_inner();
        let mut fields = Fields::default();
        let key = fields.parse::<TodoName>("name", &name);
        let expected = fields.optional::<Etag>("etag", &etag);
        let (TodoName(key), expected) = fields.all((key, expected))?;
        reply(todo::undelete(&self.0.database, &self.0.limits, user, key, expected).await, names::TODO, &name)
    }

    type WatchTodosStream = watch::Messages;

    async fn watch_todos(
        &self,
        request: Request<wire::WatchTodosRequest>,
    ) -> Result<Response<Self::WatchTodosStream>, Status> {
        watch::begin(&self.0, request).await.map(Response::new)
    }

    type ImportTodosStream = transfer::Messages<wire::ImportTodosResponse>;

    async fn import_todos(
        &self,
        request: Request<Streaming<wire::ImportTodosRequest>>,
    ) -> Result<Response<Self::ImportTodosStream>, Status> {
        transfer::import(&self.0, self.1, request).await.map(Response::new)
    }

    type ExportTodosStream = transfer::Messages<wire::ExportTodosResponse>;

    async fn export_todos(
        &self,
        request: Request<wire::ExportTodosRequest>,
    ) -> Result<Response<Self::ExportTodosStream>, Status> {
        transfer::export(&self.0, request).await.map(Response::new)
    }

    async fn delete_todo(&self, request: Request<wire::DeleteTodoRequest>) -> Reply {
        let caller = Caller::of(&request)?;
        let wire::DeleteTodoRequest { name, etag } = request.into_inner();
        self.act(&caller, &name, &etag, Action::Delete).await
    }
}

impl Todos {
    /// A change that needs a name and an etag only.
    async fn act(&self, caller: &Caller, name: &str, etag: &str, action: Action) -> Reply {
        let mut fields = Fields::default();
        let key = fields.parse::<TodoName>("name", name);
        let expected = fields.optional::<Etag>("etag", etag);
        let (TodoName(key), expected) = fields.all((key, expected))?;
        let change = Change { user: caller.user(), key, expected, action };
        reply(todo::change(&self.0.database, &self.0.limits, change).await, names::TODO, name)
    }

    fn new_todo(&self, creator: Uuid, request: &wire::CreateTodoRequest) -> Result<NewTodo, Status> {
        let mut fields = Fields::default();
        let parent = fields.parse::<ListName>("parent", &request.parent);
        let chosen = fields.optional::<ChosenId>("todo_id", &request.todo_id);
        let intent = fields.optional::<ChosenId>("request_id", &request.request_id);
        let content = sent(&mut fields, request.todo.as_ref()).and_then(|todo| {
            fields.optional::<TodoName>("todo.name", &todo.name);
            fields.optional::<Etag>("todo.etag", &todo.etag);
            content::content(&mut fields, "todo", todo)
        });
        let (ListName(list), chosen, intent, content) = fields.all((parent, chosen, intent, content))?;
        let (chosen, request) = (chosen.map(|ChosenId(id)| id), intent.map(|ChosenId(id)| id));
        let id = chosen.unwrap_or_else(|| self.0.entropy.id(self.0.clock.now()));
        Ok(new(creator, TodoKey { list: list.of(creator), id }, chosen, request, content))
    }
}

fn new(creator: Uuid, key: TodoKey, chosen: Option<Uuid>, request: Option<Uuid>, content: Content) -> NewTodo {
    let fingerprint = content::fingerprint(creator, chosen, &content);
    NewTodo { creator, key, request, fingerprint, content, complete_time: None, icalendar: None }
}

/// The change that an update asks for, and the todo to make where there is none, if it may be made. All of its fields are
/// checked; those that the mask names are written.
fn update(user: Uuid, request: &wire::UpdateTodoRequest) -> Result<(Change, Option<NewTodo>), Status> {
    let mut fields = Fields::default();
    let (sent, nothing) = (sent(&mut fields, request.todo.as_ref()), wire::Todo::default());
    let mask = TodoMask::of(request.update_mask.as_ref(), sent.unwrap_or(&nothing));
    // What a refused mask meant to write is not known, and not asked for.
    let mask = fields.take("update_mask", mask).unwrap_or_default();
    let parsed = sent.map(|todo| {
        let key = fields.parse::<TodoName>("todo.name", &todo.name);
        let etag = fields.optional::<Etag>("todo.etag", &todo.etag);
        // An etag asks for a version, so something is there.
        if request.allow_missing && todo.etag.is_empty() {
            let all = content::content(&mut fields, "todo", todo);
            return (key, etag, all.as_ref().map(|all| content::masked(all, mask)), Some(all));
        }
        (key, etag, content::edit(&mut fields, "todo", todo, mask), Some(None))
    });
    let (TodoName(key), expected, edit, content) = fields.all(parsed.unwrap_or_default())?;
    let new = content.map(|content| new(user, key, Some(key.id), None, content));
    Ok((Change { user, key, expected, action: Action::Edit(edit) }, new))
}

/// The todo of a request that must have one.
fn sent<'a>(fields: &mut Fields, todo: Option<&'a wire::Todo>) -> Option<&'a wire::Todo> {
    if todo.is_none() {
        fields.refuse("todo", Invalid::new("be set"));
    }
    todo
}

fn reply(outcome: Result<todo::Todo, todo::Error>, kind: &str, name: &str) -> Reply {
    outcome.map(|todo| Response::new(messages::todo(todo))).map_err(|error| errors::todo(&error, kind, name))
}
