//! A user with one of everything, and for every rpc a valid request of theirs.

use bytes::Bytes;
use prost_reflect::prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use proto::access::v1::Caller;
use proto::auth::v1 as auth;
use proto::todo::v1 as todo;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::client::PASSWORD;
use crate::wire::{bearer, path, unary};
use crate::{System, User};

/// What there is. Rpcs that end something end what no other needs.
pub struct Scene {
    /// The user.
    pub owner: User,
    /// A list of theirs beside the inbox.
    pub list: todo::List,
    /// A todo in it.
    pub todo: todo::Todo,
    /// A todo to delete.
    doomed: todo::Todo,
    /// A session to refresh.
    other: auth::LogInResponse,
    /// A session to end.
    leaving: auth::LogInResponse,
    /// To auth-service and todo-service, as `client`.
    channels: (Channel, Channel),
    /// To both, as the one peer that other services' rpcs are for.
    peer: (Channel, Channel),
}

impl Scene {
    /// Makes all of it.
    ///
    /// # Panics
    /// When something is refused.
    pub async fn of(system: &System) -> Self {
        let mut owner = system.user("alice").await;
        let mut client = system.anonymous();
        client.register("bob").await.expect("a second user");
        let other = client.log_in("alice", PASSWORD).await.expect("a session");
        let leaving = client.log_in("alice", PASSWORD).await.expect("a session");
        let list = Some(todo::List { display_name: "Errands".to_owned(), ..Default::default() });
        let list = todo::CreateListRequest { list, ..Default::default() };
        let list = owner.client.lists.create_list(list).await.expect("a list").into_inner();
        let todo = make(&mut owner, &list, "Buy milk").await;
        let doomed = make(&mut owner, &list, "Buy more milk").await;
        let channels = |certificate| {
            (system.channel(system.auth.address, certificate), system.channel(system.todo.address, certificate))
        };
        Self { owner, list, todo, doomed, other, leaving, channels: channels("client"), peer: channels("todo-service") }
    }

    /// A request of the rpc that succeeds when its caller is the one whom [`Scene::send`] takes.
    ///
    /// # Panics
    /// When the rpc is new and has none.
    #[must_use]
    pub fn request(&self, method: &MethodDescriptor) -> DynamicMessage {
        let bytes = match method.full_name() {
            "auth.v1.AuthService.Register" => auth::RegisterRequest {
                username: "ada".to_owned(),
                password: PASSWORD.to_owned(),
                email: "a@b".to_owned(),
                display_name: "Ada".to_owned(),
            }
            .encode_to_vec(),
            "auth.v1.AuthService.LogIn" => auth::LogInRequest {
                identifier: "bob".to_owned(),
                password: PASSWORD.to_owned(),
                device_name: "laptop".to_owned(),
            }
            .encode_to_vec(),
            "auth.v1.AuthService.RefreshTokens" => {
                auth::RefreshTokensRequest { refresh_token: self.other.refresh_token.clone() }.encode_to_vec()
            }
            "auth.v1.AuthService.LogOut" | "auth.v1.AuthService.GetJwks" | "todo.v1.ListService.ListLists" => {
                Vec::new()
            }
            "auth.v1.TokenService.IntrospectToken" => {
                auth::IntrospectTokenRequest { token: self.owner.granted.access_token.clone() }.encode_to_vec()
            }
            "auth.v1.UserService.GetUser" => auth::GetUserRequest { name: self.user().name }.encode_to_vec(),
            "auth.v1.UserService.UpdateUser" => {
                let (name, display_name, email) = (self.user().name, "Alice".to_owned(), "a@b".to_owned());
                let user = auth::User { name, display_name, email, ..Default::default() };
                auth::UpdateUserRequest { user: Some(user), ..Default::default() }.encode_to_vec()
            }
            "todo.v1.ListService.CreateList" => {
                let list = todo::List { display_name: "Work".to_owned(), ..Default::default() };
                todo::CreateListRequest { list: Some(list), ..Default::default() }.encode_to_vec()
            }
            "todo.v1.ListService.GetList" => todo::GetListRequest { name: self.list.name.clone() }.encode_to_vec(),
            other => self.about_todos(other),
        };
        DynamicMessage::decode(method.input(), bytes.as_slice()).expect("a request")
    }

    fn about_todos(&self, method: &str) -> Vec<u8> {
        let (parent, name) = (self.list.name.clone(), self.todo.name.clone());
        match method {
            "todo.v1.TodoService.CreateTodo" => {
                let todo = todo::Todo { title: "Read".to_owned(), notes: "A book".to_owned(), ..Default::default() };
                todo::CreateTodoRequest { parent, todo: Some(todo), ..Default::default() }.encode_to_vec()
            }
            "todo.v1.TodoService.GetTodo" => todo::GetTodoRequest { name }.encode_to_vec(),
            "todo.v1.TodoService.ListTodos" => todo::ListTodosRequest { parent, ..Default::default() }.encode_to_vec(),
            "todo.v1.TodoService.UpdateTodo" => {
                let todo = todo::Todo { name, title: "Buy tea".to_owned(), ..Default::default() };
                todo::UpdateTodoRequest { todo: Some(todo), ..Default::default() }.encode_to_vec()
            }
            "todo.v1.TodoService.CompleteTodo" => {
                todo::CompleteTodoRequest { name, ..Default::default() }.encode_to_vec()
            }
            "todo.v1.TodoService.ReopenTodo" => todo::ReopenTodoRequest { name, ..Default::default() }.encode_to_vec(),
            "todo.v1.TodoService.DeleteTodo" => {
                todo::DeleteTodoRequest { name: self.doomed.name.clone(), ..Default::default() }.encode_to_vec()
            }
            other => panic!("{other} has no example here: add one, so that its fields and names are tested"),
        }
    }

    /// Sends a request from whom the rpc is for: the owner, nobody in particular, or a peer.
    ///
    /// # Errors
    /// The rpc's.
    pub async fn send(&self, method: &MethodDescriptor, message: &DynamicMessage) -> Result<Bytes, Status> {
        self.send_bytes(method, message.encode_to_vec()).await
    }

    /// Like [`Scene::send`], whatever the bytes.
    ///
    /// # Errors
    /// The rpc's.
    ///
    /// # Panics
    /// When the rpc is for a caller that the scene lacks.
    pub async fn send_bytes(&self, method: &MethodDescriptor, bytes: Vec<u8>) -> Result<Bytes, Status> {
        let session = if method.name() == "LogOut" { &self.leaving } else { &self.owner.granted };
        let rule = proto::access::rule(&path(method)).expect("a rule");
        match rule.caller {
            Caller::Anonymous => self.call(&self.channels, method, None, bytes).await,
            Caller::User => self.call(&self.channels, method, Some(&session.access_token), bytes).await,
            Caller::Peer => self.call(&self.peer, method, None, bytes).await,
            Caller::Admin | Caller::Unspecified => {
                panic!("{} is for somebody who is not here yet: add them", rule.path)
            }
        }
    }

    /// Sends a request from somebody else.
    ///
    /// # Errors
    /// The rpc's.
    pub async fn send_as(
        &self,
        user: &User,
        method: &MethodDescriptor,
        message: &DynamicMessage,
    ) -> Result<Bytes, Status> {
        self.call(&self.channels, method, Some(&user.granted.access_token), message.encode_to_vec()).await
    }

    /// The owner as the log-in returned it.
    ///
    /// # Panics
    /// When it returned none.
    #[must_use]
    pub fn user(&self) -> auth::User {
        self.owner.granted.user.clone().expect("a user")
    }

    async fn call(
        &self,
        to: &(Channel, Channel),
        method: &MethodDescriptor,
        token: Option<&str>,
        bytes: Vec<u8>,
    ) -> Result<Bytes, Status> {
        let path = path(method);
        let channel = if path.starts_with("/auth.") { &to.0 } else { &to.1 };
        let mut request = Request::new(Bytes::from(bytes));
        if let Some(token) = token {
            let value = MetadataValue::try_from(bearer(token)).expect("a header value");
            request.metadata_mut().insert("authorization", value);
        }
        unary(channel.clone(), &path, request).await.map(tonic::Response::into_inner)
    }
}

async fn make(owner: &mut User, list: &todo::List, title: &str) -> todo::Todo {
    let todo = Some(todo::Todo { title: title.to_owned(), ..Default::default() });
    let request = todo::CreateTodoRequest { parent: list.name.clone(), todo, ..Default::default() };
    owner.client.todos.create_todo(request).await.expect("a todo").into_inner()
}
