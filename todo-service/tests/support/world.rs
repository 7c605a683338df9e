//! The services over a database of their own, and the users of them.

use std::convert::Infallible;
use std::sync::Arc;

use clap::Parser;
use local_postgres::Cluster;
use proto::todo::v1 as wire;
use proto::todo::v1::list_service_client::ListServiceClient;
use proto::todo::v1::member::Role;
use proto::todo::v1::member_service_client::MemberServiceClient;
use proto::todo::v1::todo_service_client::TodoServiceClient;
use service_kit::access::AccessLayer;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::page::PageTokens;
use service_kit::peer::{Peer, Thumbprint};
use service_kit::postgres::{self, Database};
use service_kit::secret::Secret;
use service_kit::serve;
use service_kit::token::Revocations;
use sqlx::PgConnection;
use time::OffsetDateTime;
use time::macros::datetime;
use todo_service::grpc::introspection::Introspector;
use todo_service::grpc::staleness::Staleness;
use todo_service::grpc::sync::SyncTokens;
use todo_service::grpc::upstream::Upstream;
use todo_service::grpc::{Parts, mount};
use todo_service::limits::Limits;
use todo_service::store;
use todo_service::watch::{self, Doorbell, Watches};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::service::{Routes, RoutesBuilder};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt};
use uuid::Uuid;

use super::database;
use super::tokens::Issuer;

const NOW: OffsetDateTime = datetime!(2026-11-21 12:00 UTC);

type Stack = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Infallible>;

/// What applies when nothing is set.
#[derive(clap::Parser)]
struct Defaults {
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    watches: watch::Settings,
    #[command(flatten)]
    transport: serve::Limits,
}

/// The services over a database of their own.
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) revocations: Revocations,
    pub(crate) sync_tokens: Arc<SyncTokens>,
    pub(crate) watches: Watches,
    pub(crate) stop: CancellationToken,
    /// Rings when another replica has written something.
    bell: tokio::sync::watch::Sender<()>,
    name: String,
    issuer: Issuer,
    routes: Routes,
}

/// Somebody who calls.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) todos: TodoServiceClient<Stack>,
    pub(crate) lists: ListServiceClient<Stack>,
    pub(crate) members: MemberServiceClient<Stack>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other limits than the defaults.
    pub(crate) async fn with(adjust: impl FnOnce(&mut Limits)) -> Self {
        Self::made(database::migrated().await, adjust, Upstream::over(Vec::new())).await
    }

    /// With an auth-service to ask.
    pub(crate) async fn following(upstream: Upstream) -> Self {
        Self::made(database::migrated().await, |_| {}, upstream).await
    }

    /// Two replicas over one database, which tell each other of what they write.
    pub(crate) async fn replicas() -> [Self; 2] {
        let name = database::migrated().await;
        let replica = async || Self::made(name.clone(), |_| {}, Upstream::over(Vec::new())).await;
        let replicas = [replica().await, replica().await];
        for replica in &replicas {
            let (settings, bell) = (database::settings(&name).await, replica.bell.clone());
            tokio::spawn(watch::tell_others(Database::new(&settings), replica.database.commits()));
            tokio::spawn(async move { postgres::listen(&settings, store::watch::CHANNEL, bell).await });
        }
        replicas
    }

    async fn made(name: String, adjust: impl FnOnce(&mut Limits), upstream: Upstream) -> Self {
        let Defaults { mut limits, watches, transport } = Defaults::parse_from(["test"]);
        adjust(&mut limits);
        let (watches, stop) = (Watches::new(&watches), CancellationToken::new());
        let database = Database::new(&database::settings(&name).await);
        let (clock, entropy) = (Clock::manual(NOW), Entropy::system());
        let issuer = Issuer::new(clock.clone());
        let secret = Secret::from_hex(&"5e".repeat(32)).unwrap();
        let page_tokens = Arc::new(PageTokens::new(&secret, clock.clone(), entropy.clone()).unwrap());
        let sync_tokens = Arc::new(SyncTokens::new(&secret, clock.clone(), entropy.clone()).unwrap());
        let (revocations, introspector) = (Revocations::default(), Introspector::new(upstream, clock.clone()));
        let parts = Parts {
            database: database.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            page_tokens,
            sync_tokens: Arc::clone(&sync_tokens),
            limits,
            verifier: issuer.verifier(&revocations),
            staleness: Staleness::new(revocations.clone(), introspector, clock.clone()),
            watches: watches.clone(),
            stop: stop.clone(),
        };
        let bell = tokio::sync::watch::Sender::new(());
        let bells = [database.commits(), bell.subscribe()];
        let doorbell = Doorbell::new(database.sibling(), watches.clone(), bells, entropy.clone());
        tokio::spawn(doorbell.run());
        let mut routes = RoutesBuilder::default();
        mount(&mut routes, parts, &transport);
        Self {
            database,
            clock,
            entropy,
            revocations,
            sync_tokens,
            watches,
            stop,
            bell,
            name,
            issuer,
            routes: routes.routes(),
        }
    }

    /// Somebody new, with a token that is good for five minutes.
    pub(crate) fn user(&self) -> User {
        self.user_with_id(self.entropy.id(NOW))
    }

    /// The same user, after the token has expired.
    pub(crate) fn user_with_id(&self, id: Uuid) -> User {
        let token = format!("Bearer {}", self.issuer.token(id)).parse::<http::HeaderValue>().unwrap();
        let certificate = Thumbprint::from_bytes(&[1; 32]).unwrap();
        let peer = Peer { name: "client".into(), not_after: NOW + time::Duration::days(1), certificate };
        let stack = AccessLayer.layer(self.routes.clone()).map_request(move |mut request: http::Request<Body>| {
            request.extensions_mut().insert(peer.clone());
            request.headers_mut().insert("authorization", token.clone());
            request
        });
        let stack = BoxCloneSyncService::new(stack);
        User {
            id,
            todos: TodoServiceClient::new(stack.clone()),
            lists: ListServiceClient::new(stack.clone()),
            members: MemberServiceClient::new(stack),
        }
    }

    /// Makes `user` a member of `list`, as its owner does.
    pub(crate) async fn admit(&self, user: &User, list: &wire::List, role: &str) {
        let owner = list.owner.trim_start_matches("users/").parse().unwrap();
        let role = Role::from_str_name(&format!("ROLE_{}", role.to_uppercase())).unwrap();
        self.user_with_id(owner).share(&list.name, user.id, role).await.unwrap();
    }

    /// A connection to the database as the superuser.
    pub(crate) async fn admin(&self) -> PgConnection {
        Cluster::throwaway().await.unwrap().admin(&self.name).await.unwrap()
    }

    /// A connection as todo-service has it.
    pub(crate) async fn connection(&self) -> PgConnection {
        Cluster::throwaway().await.unwrap().connect(&self.name, local_postgres::Role::TodoService).await.unwrap()
    }

    /// A UUID that nobody has.
    pub(crate) fn id(&self) -> Uuid {
        self.entropy.id(NOW)
    }
}

impl User {
    pub(crate) async fn list(&mut self, display_name: &str) -> wire::List {
        let list = wire::List { display_name: display_name.into(), ..Default::default() };
        let request = wire::CreateListRequest { list: Some(list), list_id: String::new() };
        self.lists.create_list(request).await.unwrap().into_inner()
    }

    pub(crate) async fn todo(&mut self, parent: &str, title: &str) -> wire::Todo {
        self.create(create(parent, title)).await.unwrap()
    }

    pub(crate) async fn create(&mut self, request: wire::CreateTodoRequest) -> Result<wire::Todo, Status> {
        self.todos.create_todo(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn get(&mut self, name: &str) -> Result<wire::Todo, Status> {
        self.todos.get_todo(wire::GetTodoRequest { name: name.into() }).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn get_list(&mut self, name: &str) -> Result<wire::List, Status> {
        self.lists.get_list(wire::GetListRequest { name: name.into() }).await.map(tonic::Response::into_inner)
    }

    /// Gives a list another name; the etag may be empty.
    pub(crate) async fn rename(&mut self, name: &str, display_name: &str, etag: &str) -> Result<wire::List, Status> {
        let (name, display_name, etag) = (name.into(), display_name.into(), etag.into());
        let list = Some(wire::List { name, display_name, etag, ..Default::default() });
        let request = wire::UpdateListRequest { list, update_mask: None };
        self.lists.update_list(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn delete_list(&mut self, name: &str, etag: &str) -> Result<wire::List, Status> {
        let request = wire::DeleteListRequest { name: name.into(), etag: etag.into() };
        self.lists.delete_list(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn undelete_list(&mut self, name: &str, etag: &str) -> Result<wire::List, Status> {
        let request = wire::UndeleteListRequest { name: name.into(), etag: etag.into() };
        self.lists.undelete_list(request).await.map(tonic::Response::into_inner)
    }

    /// The names of the lists that the user sees, without the inbox.
    pub(crate) async fn list_names(&mut self, show_deleted: bool) -> Vec<String> {
        let request = wire::ListListsRequest { show_deleted, ..Default::default() };
        let lists = self.lists.list_lists(request).await.unwrap().into_inner().lists;
        lists.into_iter().filter(|list| !list.inbox).map(|list| list.name).collect()
    }

    pub(crate) async fn share(&mut self, list: &str, user: Uuid, role: Role) -> Result<wire::Member, Status> {
        let (list, user) = (list.into(), format!("users/{user}"));
        let request = wire::ShareListRequest { list, user, role: role.into() };
        self.members.share_list(request).await.map(tonic::Response::into_inner)
    }

    /// Gives a member another role; the etag may be empty.
    pub(crate) async fn give(&mut self, member: &str, role: Role, etag: &str) -> Result<wire::Member, Status> {
        let mut member = wire::Member { name: member.into(), etag: etag.into(), ..Default::default() };
        member.set_role(role);
        let request = wire::UpdateMemberRequest { member: Some(member), update_mask: None };
        self.members.update_member(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn remove(&mut self, member: &str, etag: &str) -> Result<(), Status> {
        let request = wire::RemoveMemberRequest { name: member.into(), etag: etag.into() };
        self.members.remove_member(request).await.map(|_| ())
    }

    pub(crate) async fn leave(&mut self, list: &str) -> Result<(), Status> {
        self.members.leave_list(wire::LeaveListRequest { list: list.into() }).await.map(|_| ())
    }

    /// Who the members of a list are, and what they may do, by name.
    pub(crate) async fn members_of(&mut self, list: &str) -> Result<Vec<wire::Member>, Status> {
        let request = wire::ListMembersRequest { parent: list.into(), ..Default::default() };
        Ok(self.members.list_members(request).await?.into_inner().members)
    }

    pub(crate) async fn update(&mut self, todo: wire::Todo, mask: Option<&[&str]>) -> Result<wire::Todo, Status> {
        let update_mask = mask.map(|paths| prost_types::FieldMask { paths: paths.iter().map(|&p| p.into()).collect() });
        let request = wire::UpdateTodoRequest { todo: Some(todo), update_mask, allow_missing: false };
        self.todos.update_todo(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn complete(&mut self, name: &str, etag: &str) -> Result<wire::Todo, Status> {
        let request = wire::CompleteTodoRequest { name: name.into(), etag: etag.into() };
        self.todos.complete_todo(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn reopen(&mut self, name: &str, etag: &str) -> Result<wire::Todo, Status> {
        let request = wire::ReopenTodoRequest { name: name.into(), etag: etag.into() };
        self.todos.reopen_todo(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn delete(&mut self, name: &str, etag: &str) -> Result<wire::Todo, Status> {
        let request = wire::DeleteTodoRequest { name: name.into(), etag: etag.into() };
        self.todos.delete_todo(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn page(
        &mut self,
        parent: &str,
        size: i32,
        token: &str,
    ) -> Result<wire::ListTodosResponse, Status> {
        let request = wire::ListTodosRequest {
            parent: parent.into(),
            page_size: size,
            page_token: token.into(),
            ..Default::default()
        };
        self.todos.list_todos(request).await.map(tonic::Response::into_inner)
    }
}

/// A request for a todo with this title.
pub(crate) fn create(parent: &str, title: &str) -> wire::CreateTodoRequest {
    let todo = wire::Todo { title: title.into(), ..Default::default() };
    wire::CreateTodoRequest { parent: parent.into(), todo: Some(todo), ..Default::default() }
}

/// The code and the reason of a refusal.
pub(crate) fn why(status: &Status) -> (Code, String) {
    (status.code(), status.get_details_error_info().unwrap().reason)
}

/// One value of a refusal's metadata.
pub(crate) fn metadata(status: &Status, key: &str) -> String {
    status.get_details_error_info().unwrap().metadata[key].clone()
}

/// The paths of the fields that were refused.
pub(crate) fn violations(status: &Status) -> Vec<String> {
    let mut paths: Vec<_> = status.get_details_bad_request().unwrap().field_violations;
    paths.sort_by(|a, b| a.field.cmp(&b.field));
    paths.into_iter().map(|violation| violation.field).collect()
}
