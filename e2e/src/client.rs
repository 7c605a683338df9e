//! Callers as roles: anonymous, or a user with tokens.

use proto::auth::v1::audit_service_client::AuditServiceClient;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::auth::v1::session_service_client::SessionServiceClient;
use proto::auth::v1::token_service_client::TokenServiceClient;
use proto::auth::v1::user_service_client::UserServiceClient;
use proto::auth::v1::{LogInRequest, LogInResponse, RegisterRequest};
use proto::todo::v1::list_service_client::ListServiceClient;
use proto::todo::v1::member_service_client::MemberServiceClient;
use proto::todo::v1::todo_service_client::TodoServiceClient;
use proto::todo::v1::{CreateTodoRequest, Todo};
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// The password of every test user.
pub const PASSWORD: &str = "correct horse battery staple";

/// Adds the access token, if there is one.
#[derive(Clone)]
pub struct Bearer(Option<String>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            let value = MetadataValue::try_from(format!("Bearer {token}"));
            request.metadata_mut().insert("authorization", value.map_err(|e| Status::internal(e.to_string()))?);
        }
        Ok(request)
    }
}

type Wire = InterceptedService<Channel, Bearer>;

/// Stubs of every service, for one caller.
#[derive(Clone)]
pub struct Client {
    /// `auth.v1.AuthService`
    pub auth: AuthServiceClient<Wire>,
    /// `auth.v1.UserService`
    pub users: UserServiceClient<Wire>,
    /// `auth.v1.SessionService`
    pub sessions: SessionServiceClient<Wire>,
    /// `auth.v1.AuditService`
    pub audit: AuditServiceClient<Wire>,
    /// `auth.v1.TokenService`
    pub tokens: TokenServiceClient<Wire>,
    /// `todo.v1.ListService`
    pub lists: ListServiceClient<Wire>,
    /// `todo.v1.MemberService`
    pub members: MemberServiceClient<Wire>,
    /// `todo.v1.TodoService`
    pub todos: TodoServiceClient<Wire>,
    channels: (Channel, Channel),
}

/// A user who is logged in.
pub struct User {
    /// Stubs that carry the access token.
    pub client: Client,
    /// What the log-in returned.
    pub granted: LogInResponse,
}

impl Client {
    /// A caller over these channels, to auth-service and todo-service.
    #[must_use]
    pub fn new(auth: Channel, todo: Channel, token: Option<&str>) -> Self {
        let wire = |channel: &Channel| InterceptedService::new(channel.clone(), Bearer(token.map(str::to_owned)));
        Self {
            auth: AuthServiceClient::new(wire(&auth)),
            users: UserServiceClient::new(wire(&auth)),
            sessions: SessionServiceClient::new(wire(&auth)),
            audit: AuditServiceClient::new(wire(&auth)),
            tokens: TokenServiceClient::new(wire(&auth)),
            lists: ListServiceClient::new(wire(&todo)),
            members: MemberServiceClient::new(wire(&todo)),
            todos: TodoServiceClient::new(wire(&todo)),
            channels: (auth, todo),
        }
    }

    /// The same certificate with this token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self::new(self.channels.0.clone(), self.channels.1.clone(), Some(token))
    }

    /// Registers.
    pub async fn register(&mut self, name: &str) -> Result<proto::auth::v1::User, Status> {
        self.register_with(name, "").await
    }

    /// Registers with an address.
    pub async fn register_with(&mut self, name: &str, email: &str) -> Result<proto::auth::v1::User, Status> {
        let (username, password, email) = (name.to_owned(), PASSWORD.to_owned(), email.to_owned());
        let request = RegisterRequest { username, password, email, ..Default::default() };
        Ok(self.auth.register(request).await?.into_inner())
    }

    /// Logs in.
    pub async fn log_in(&mut self, name: &str, password: &str) -> Result<LogInResponse, Status> {
        let (identifier, password) = (name.to_owned(), password.to_owned());
        let request = LogInRequest { identifier, password, ..Default::default() };
        let granted = self.auth.log_in(request).await?.into_inner();
        log_guard::plant(&granted.access_token);
        log_guard::plant(&granted.refresh_token);
        Ok(granted)
    }

    /// Registers and logs in.
    ///
    /// # Panics
    /// When either is refused.
    pub async fn sign_up(mut self, name: &str) -> User {
        self.register(name).await.expect("registered");
        let granted = self.log_in(name, PASSWORD).await.expect("logged in");
        User { client: self.with_token(&granted.access_token), granted }
    }

    /// Makes a todo in the inbox.
    pub async fn create_todo(&mut self, title: &str) -> Result<Todo, Status> {
        let todo = Some(Todo { title: title.to_owned(), ..Default::default() });
        let request = CreateTodoRequest { parent: "lists/inbox".to_owned(), todo, ..Default::default() };
        Ok(self.todos.create_todo(request).await?.into_inner())
    }
}
