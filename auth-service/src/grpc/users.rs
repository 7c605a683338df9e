//! `auth.v1.UserService`.

use std::sync::Arc;

use proto::auth::v1::user_service_server::UserService;
use proto::auth::v1::{
    ChangePasswordRequest, ChangePasswordResponse, DeleteUserRequest, DisableUserRequest, EnableUserRequest,
    GetUserDeletionRequest, GetUserRequest, ListUsersRequest, ListUsersResponse, SetRolesRequest, UpdateUserRequest,
    User, UserDeletion,
};
use service_kit::caller::Caller;
use service_kit::field::Fields;
use service_kit::page::{PageTokens, Scope};
use tonic::{Request, Response, Status};

use super::names::UserDeletionName;
use super::user_requests::{self as parse, Deletion, Listing, Update};
use super::{errors, messages, origin};
use crate::accounts::{self, Accounts};
use crate::session::Key;
use crate::user::{self, State};

/// The service.
pub(super) struct Users {
    accounts: Accounts,
    page_tokens: Arc<PageTokens>,
}

impl Users {
    /// The edge of `accounts`.
    pub(super) fn new(accounts: Accounts, page_tokens: Arc<PageTokens>) -> Self {
        Self { accounts, page_tokens }
    }

    /// Disables or enables the user called `name` in a request to the rpc at this path.
    async fn set_state<T>(&self, request: Request<T>, name: &str, state: State, method: &str) -> Reply {
        let (caller, origin) = (Key::from(&Caller::of(&request)?), origin::of(&request));
        let target = parse::name(name)?.resolve(caller);
        let user = self.accounts.set_state(caller, target, state, origin).await;
        administered(user, method, name)
    }
}

type Reply = Result<Response<User>, Status>;

#[tonic::async_trait]
impl UserService for Users {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Reply {
        let caller = Key::from(&Caller::of(&request)?);
        let sent = request.into_inner().name;
        let target = parse::name(&sent)?.resolve(caller);
        let user = self.accounts.get(caller, target).await.map_err(|error| errors::account(&error, &sent))?;
        Ok(Response::new(messages::user(&user)))
    }

    async fn list_users(&self, request: Request<ListUsersRequest>) -> Result<Response<ListUsersResponse>, Status> {
        let caller = Key::from(&Caller::of(&request)?);
        let Listing { filter, size, token } = parse::listing(request.into_inner())?;
        // Unambiguous: Debug quotes and escapes texts.
        let arguments = format!("{filter:?}");
        let scope = Scope { caller: caller.user, rpc: "ListUsers", arguments: arguments.as_bytes() };
        let after = self.page_tokens.open(scope, &token)?;
        let page = self.accounts.list(caller, filter, after, size).await;
        let page = page.map_err(|error| errors::administration(&error, "/auth.v1.UserService/ListUsers", "users"))?;
        Ok(Response::new(ListUsersResponse {
            users: page.items.iter().map(messages::user).collect(),
            next_page_token: self.page_tokens.seal(scope, page.next),
        }))
    }

    async fn update_user(&self, request: Request<UpdateUserRequest>) -> Reply {
        let (caller, origin) = (Key::from(&Caller::of(&request)?), origin::of(&request));
        let Update { sent_name, name, changes, revision } = parse::update(request.into_inner())?;
        let user = self.accounts.update(caller, name.resolve(caller), changes, revision, origin).await;
        let user = user.map_err(|error| errors::account(&error, &sent_name))?;
        Ok(Response::new(messages::user(&user)))
    }

    async fn delete_user(&self, request: Request<DeleteUserRequest>) -> Result<Response<()>, Status> {
        let (caller, origin) = (Key::from(&Caller::of(&request)?), origin::of(&request));
        let (sent, deletion) = parse::deletion(request.into_inner(), caller)?;
        let deleted = match deletion {
            Deletion::Own(password) => self.accounts.delete_self(caller, password, origin).await,
            Deletion::Other(target) => self.accounts.delete(caller, target, origin).await,
        };
        deleted.map_err(|error| errors::account(&error, &sent))?;
        Ok(Response::new(()))
    }

    async fn get_user_deletion(
        &self,
        request: Request<GetUserDeletionRequest>,
    ) -> Result<Response<UserDeletion>, Status> {
        let caller = Key::from(&Caller::of(&request)?);
        let sent = request.into_inner().name;
        let mut fields = Fields::default();
        let name = fields.parse::<UserDeletionName>("name", &sent);
        let (name,) = fields.all((name,))?;
        let deletion = self.accounts.deletion(caller, name.0).await;
        let deletion = deletion.map_err(|error| errors::deletion(&error, &sent))?;
        Ok(Response::new(messages::user_deletion(deletion)))
    }

    async fn change_password(
        &self,
        request: Request<ChangePasswordRequest>,
    ) -> Result<Response<ChangePasswordResponse>, Status> {
        let (caller, origin) = (Key::from(&Caller::of(&request)?), origin::of(&request));
        let (sent, name, change) = parse::password_change(request.into_inner())?;
        let changed = self.accounts.change_password(caller, name.resolve(caller), change, origin).await;
        changed.map_err(|error| errors::new_password(&error, &sent))?;
        Ok(Response::new(ChangePasswordResponse {}))
    }

    async fn set_roles(&self, request: Request<SetRolesRequest>) -> Reply {
        let (caller, origin) = (Key::from(&Caller::of(&request)?), origin::of(&request));
        let (sent, name, roles) = parse::roles(request.into_inner())?;
        let user = self.accounts.set_roles(caller, name.resolve(caller), roles, origin).await;
        administered(user, "/auth.v1.UserService/SetRoles", &sent)
    }

    async fn disable_user(&self, request: Request<DisableUserRequest>) -> Reply {
        let name = request.get_ref().name.clone();
        self.set_state(request, &name, State::Disabled, "/auth.v1.UserService/DisableUser").await
    }

    async fn enable_user(&self, request: Request<EnableUserRequest>) -> Reply {
        let name = request.get_ref().name.clone();
        self.set_state(request, &name, State::Active, "/auth.v1.UserService/EnableUser").await
    }
}

/// The answer of an rpc for admins about the user called `name` in the request.
fn administered(user: Result<user::User, accounts::Error>, method: &str, name: &str) -> Reply {
    let user = user.map_err(|error| errors::administration(&error, method, name))?;
    Ok(Response::new(messages::user(&user)))
}
