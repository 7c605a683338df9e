//! `todo.v1.TodoService`.

use std::num::NonZeroUsize;

use proto::todo::v1 as wire;
use proto::todo::v1::todo_service_server::TodoService;
use service_kit::caller::Caller;
use service_kit::field::Fields;
use tonic::{Request, Response, Status, Streaming};

use super::names::{ListName, TodoName};
use super::{Parts, asked, batches, errors, listing, messages, moves, names, transfer, watch};
use crate::revision::Etag;
use crate::todo::{self, Action, Completion};

/// The todos; and how many bytes of a message are read.
pub(super) struct Todos(pub(super) Parts, pub(super) NonZeroUsize);

type Reply = Result<Response<wire::Todo>, Status>;

#[tonic::async_trait]
impl TodoService for Todos {
    async fn create_todo(&self, request: Request<wire::CreateTodoRequest>) -> Reply {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let mut fields = Fields::default();
        let list = fields.parse::<ListName>("parent", &request.parent);
        let list = list.map(|ListName(list)| list.of(caller.user()));
        let new = asked::creation(&self.0, &mut fields, "", caller.user(), &request, list);
        let (new,) = fields.all((new,))?;
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
        let mut fields = Fields::default();
        let update = asked::update(&mut fields, "", caller.user(), &request);
        let ((change, new),) = fields.all((update,))?;
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

    async fn batch_create_todos(
        &self,
        request: Request<wire::BatchCreateTodosRequest>,
    ) -> Result<Response<wire::BatchCreateTodosResponse>, Status> {
        let user = Caller::of(&request)?.user();
        let todos = batches::create(&self.0, user, request.into_inner()).await?;
        let todos = todos.into_iter().map(messages::todo).collect();
        Ok(Response::new(wire::BatchCreateTodosResponse { todos }))
    }

    async fn batch_get_todos(
        &self,
        request: Request<wire::BatchGetTodosRequest>,
    ) -> Result<Response<wire::BatchGetTodosResponse>, Status> {
        let user = Caller::of(&request)?.user();
        let todos = batches::get(&self.0, user, request.into_inner()).await?;
        let todos = todos.into_iter().map(messages::todo).collect();
        Ok(Response::new(wire::BatchGetTodosResponse { todos }))
    }

    async fn batch_update_todos(
        &self,
        request: Request<wire::BatchUpdateTodosRequest>,
    ) -> Result<Response<wire::BatchUpdateTodosResponse>, Status> {
        let user = Caller::of(&request)?.user();
        let todos = batches::update(&self.0, user, request.into_inner()).await?;
        let todos = todos.into_iter().map(messages::todo).collect();
        Ok(Response::new(wire::BatchUpdateTodosResponse { todos }))
    }

    async fn batch_delete_todos(
        &self,
        request: Request<wire::BatchDeleteTodosRequest>,
    ) -> Result<Response<wire::BatchDeleteTodosResponse>, Status> {
        let user = Caller::of(&request)?.user();
        let todos = batches::delete(&self.0, user, request.into_inner()).await?;
        let todos = todos.into_iter().map(messages::todo).collect();
        Ok(Response::new(wire::BatchDeleteTodosResponse { todos }))
    }
}

impl Todos {
    /// A change that needs a name and an etag only.
    async fn act(&self, caller: &Caller, name: &str, etag: &str, action: Action) -> Reply {
        let mut fields = Fields::default();
        let change = asked::change(&mut fields, "", caller.user(), (name, etag), action);
        let (change,) = fields.all((change,))?;
        reply(todo::change(&self.0.database, &self.0.limits, change).await, names::TODO, name)
    }
}

fn reply(outcome: Result<todo::Todo, todo::Error>, kind: &str, name: &str) -> Reply {
    outcome.map(|todo| Response::new(messages::todo(todo))).map_err(|error| errors::todo(&error, kind, name))
}
