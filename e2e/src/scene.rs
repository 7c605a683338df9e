//! A user with one of everything, and for every rpc a valid request of theirs.

mod lists;
mod people;
mod todos;

use bytes::Bytes;
use prost_reflect::prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use proto::access::v1::Caller;
use proto::auth::v1 as auth;
use proto::todo::v1 as todo;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};

use self::lists::Lists;
use crate::client::PASSWORD;
use crate::wire::{answer, bearer, path};
use crate::{Client, System, User, secrets};

/// What there is. Rpcs that end something end what no other needs.
pub struct Scene {
    /// The user.
    pub owner: User,
    /// A list of theirs beside the inbox.
    pub list: todo::List,
    /// That and others.
    lists: Lists,
    /// A todo in it.
    pub todo: todo::Todo,
    /// Todos to delete: one by itself, one in a batch.
    doomed: [todo::Todo; 2],
    /// A todo to move.
    moving: todo::Todo,
    /// A deleted todo.
    buried: todo::Todo,
    /// A session to refresh.
    other: auth::LogInResponse,
    /// A session to end.
    leaving: auth::LogInResponse,
    /// A session of a user whose address is to be verified.
    stating: auth::LogInResponse,
    /// An admin.
    admin: User,
    /// A user whose password and sessions change, and a second session of theirs.
    restless: (User, auth::LogInResponse),
    /// A user for admins to work on.
    subject: auth::User,
    /// A user to delete.
    condemned: auth::User,
    /// A user who has deleted themselves.
    gone: auth::User,
    /// Tokens from mail: one to verify an address by, one to reset a password by.
    mailed: (String, String),
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
        // Too large to stand in every test's own.
        Box::pin(Self::made(system)).await
    }

    async fn made(system: &System) -> Self {
        let mut owner = system.user("alice").await;
        let mut client = system.anonymous();
        client.register("bob").await.expect("a second user");
        let other = client.log_in("alice", PASSWORD).await.expect("a session");
        let leaving = client.log_in("alice", PASSWORD).await.expect("a session");
        let mut admin = system.administrator("root").await;
        let restless = system.user("erin").await;
        let restless = (restless, client.log_in("erin", PASSWORD).await.expect("a session"));
        let subject = client.register("carol").await.expect("a user");
        let condemned = client.register("dave").await.expect("a user");
        let gone = gone(system).await;
        let mailed = mailed(system, &mut client).await;
        client.register_with("heidi", "heidi@todo.local").await.expect("a user");
        let stating = client.log_in("heidi", PASSWORD).await.expect("a session");
        let lists = Lists::of(&mut owner, &mut admin).await;
        let list = lists.list.clone();
        let todo = make(&mut owner, &list, "Buy milk").await;
        let moving = make(&mut owner, &list, "Buy milk elsewhere").await;
        let doomed = [make(&mut owner, &list, "Buy more milk").await, make(&mut owner, &list, "And yet more").await];
        let buried = make(&mut owner, &list, "Buy less milk").await;
        let request = todo::DeleteTodoRequest { name: buried.name.clone(), ..Default::default() };
        owner.client.todos.delete_todo(request).await.expect("deleted");
        let channels = |certificate| {
            (system.channel(system.auth.address, certificate), system.channel(system.todo.address, certificate))
        };
        let (channels, peer) = (channels("client"), channels("todo-service"));
        Self {
            owner,
            list,
            lists,
            todo,
            doomed,
            moving,
            buried,
            other,
            leaving,
            stating,
            admin,
            restless,
            subject,
            condemned,
            gone,
            mailed,
            channels,
            peer,
        }
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
                bind_to_certificate: false,
            }
            .encode_to_vec(),
            "auth.v1.AuthService.RefreshTokens" => {
                auth::RefreshTokensRequest { refresh_token: self.other.refresh_token.clone() }.encode_to_vec()
            }
            "auth.v1.AuditService.ListAuditEvents"
            | "auth.v1.AuthService.LogOut"
            | "auth.v1.AuthService.GetJwks"
            | "auth.v1.UserService.ListUsers"
            | "auth.v1.TokenService.WatchSecurityEvents" => Vec::new(),
            "auth.v1.TokenService.AcknowledgeEvents" => {
                auth::AcknowledgeEventsRequest { cursor: "0".to_owned() }.encode_to_vec()
            }
            "auth.v1.TokenService.IntrospectToken" => {
                auth::IntrospectTokenRequest { token: self.owner.granted.access_token.clone() }.encode_to_vec()
            }
            "auth.v1.UserService.GetUser" => auth::GetUserRequest { name: self.user().name }.encode_to_vec(),
            "auth.v1.UserService.UpdateUser" => {
                let auth::User { name, username, .. } = self.user();
                let (display_name, email) = ("Alice".to_owned(), "a@b".to_owned());
                let user = auth::User { name, username, display_name, email, ..Default::default() };
                auth::UpdateUserRequest { user: Some(user), ..Default::default() }.encode_to_vec()
            }
            other if ["todo.v1.ListService.", "todo.v1.MemberService."].iter().any(|of| other.starts_with(of)) => {
                self.lists.request(other)
            }
            other if other.starts_with("todo.") => self.about_todos(other),
            other => self.about_people(other),
        };
        DynamicMessage::decode(method.input(), bytes.as_slice()).expect("a request")
    }

    /// The names of the owner's lists, a deleted one among them, and of members of such.
    #[must_use]
    pub fn lists_and_members(&self) -> (Vec<String>, Vec<String>) {
        (self.lists.names(), self.lists.members())
    }

    /// Sends a request from whom the rpc is for: the owner or another user, an admin, nobody in particular, or a peer.
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
        let session = match method.full_name() {
            "auth.v1.AuthService.LogOut" => &self.leaving,
            "auth.v1.AuthService.RequestEmailVerification" => &self.stating,
            // Whoever deletes oneself says a password; an admin need not.
            "auth.v1.UserService.DeleteUser" => &self.admin.granted,
            "auth.v1.UserService.ChangePassword" => &self.restless.0.granted,
            name if name.starts_with("auth.v1.SessionService.") => &self.restless.0.granted,
            _ => &self.owner.granted,
        };
        let rule = proto::access::rule(&path(method)).expect("a rule");
        match rule.caller {
            Caller::Anonymous => self.call(&self.channels, method, None, bytes).await,
            Caller::User => self.call(&self.channels, method, Some(&session.access_token), bytes).await,
            Caller::Peer => self.call(&self.peer, method, None, bytes).await,
            Caller::Admin => self.call(&self.channels, method, Some(&self.admin.granted.access_token), bytes).await,
            Caller::Unspecified => panic!("{} is for nobody", rule.path),
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
        let answer = answer(channel.clone(), &path, request).await?.into_inner();
        secrets::plant(&DynamicMessage::decode(method.output(), answer.clone()).expect("an answer"));
        Ok(answer)
    }
}

/// Tokens that a user who states an address, and one who forgot the password, get by mail.
async fn mailed(system: &System, client: &mut Client) -> (String, String) {
    let mailbox = system.mailbox();
    for name in ["frank", "grace"] {
        client.register_with(name, &format!("{name}@todo.local")).await.expect("a user");
    }
    let verification = mailbox.token("frank@todo.local", "Is this your address?").await;
    let token = mailbox.token("grace@todo.local", "Is this your address?").await;
    client.auth.verify_email(auth::VerifyEmailRequest { token }).await.expect("verified");
    let request = auth::RequestPasswordResetRequest { email: "grace@todo.local".to_owned() };
    client.auth.request_password_reset(request).await.expect("asked for");
    (verification, mailbox.token("grace@todo.local", "Choose a new password").await)
}

async fn gone(system: &System) -> auth::User {
    let mut user = system.user("frank").await;
    let request = auth::DeleteUserRequest { name: "users/me".to_owned(), password: PASSWORD.to_owned() };
    user.client.users.delete_user(request).await.expect("deleted");
    user.granted.user.expect("a user")
}

async fn make(owner: &mut User, list: &todo::List, title: &str) -> todo::Todo {
    let todo = Some(todo::Todo { title: title.to_owned(), ..Default::default() });
    let request = todo::CreateTodoRequest { parent: list.name.clone(), todo, ..Default::default() };
    owner.client.todos.create_todo(request).await.expect("a todo").into_inner()
}
