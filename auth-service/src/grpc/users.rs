//! `auth.v1.UserService`.

use proto::auth::v1::user_service_server::UserService;
use proto::auth::v1::{GetUserRequest, UpdateUserRequest, User};
use service_kit::caller::Caller;
use service_kit::field::{self, Fields, Invalid};
use tonic::{Request, Response, Status};

use super::mask::Mask;
use super::names::UserName;
use super::{errors, messages};
use crate::accounts::Accounts;
use crate::session::Key;
use crate::user::Changes;

/// The service.
pub(super) struct Users {
    accounts: Accounts,
}

impl Users {
    /// The edge of `accounts`.
    pub(super) fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }
}

#[tonic::async_trait]
impl UserService for Users {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let caller = Key::from(&Caller::of(&request)?);
        let (request, name) = named(request.into_inner())?;
        let user = self.accounts.get(caller, name.resolve(caller)).await;
        let user = user.map_err(|error| errors::account(&error, &request.name))?;
        Ok(Response::new(messages::user(&user)))
    }

    async fn update_user(&self, request: Request<UpdateUserRequest>) -> Result<Response<User>, Status> {
        let caller = Key::from(&Caller::of(&request)?);
        let Update { sent_name, name, changes, revision } = update(request.into_inner())?;
        let user = self.accounts.update(caller, name.resolve(caller), changes, revision).await;
        let user = user.map_err(|error| errors::account(&error, &sent_name))?;
        Ok(Response::new(messages::user(&user)))
    }
}

fn named(request: GetUserRequest) -> Result<(GetUserRequest, UserName), Status> {
    let mut fields = Fields::default();
    let name = fields.parse("name", &request.name);
    let (name,) = fields.all((name,))?;
    Ok((request, name))
}

/// A parsed update.
struct Update {
    /// The name as it was sent.
    sent_name: String,
    name: UserName,
    changes: Changes,
    /// The revision that the update is for, if it is for one.
    revision: Option<i64>,
}

fn update(request: UpdateUserRequest) -> Result<Update, Status> {
    let UpdateUserRequest { user, update_mask } = request;
    let mut fields = Fields::default();
    let Some(user) = user else {
        fields.refuse("user", Invalid::new("be set"));
        fields.take("update_mask", Mask::of(update_mask.as_ref(), &User::default()));
        return fields.all((None,)).map(|(never,)| never);
    };
    let name = fields.parse("user.name", &user.name);
    let display_name = fields.parse("user.display_name", &user.display_name);
    let email = fields.optional("user.email", &user.email);
    let revision = fields.take("user.etag", revision(&user.etag));
    let mask = fields.take("update_mask", Mask::of(update_mask.as_ref(), &user));
    let (name, display_name, email, revision, mask) = fields.all((name, display_name, email, revision, mask))?;
    let changes =
        Changes { display_name: mask.display_name.then_some(display_name), email: mask.email.then_some(email) };
    Ok(Update { sent_name: user.name, name, changes, revision })
}

/// The revision that an etag stands for. One that is not of our making stands for none that ever was.
fn revision(etag: &str) -> Result<Option<i64>, Invalid> {
    const NEVER: i64 = 0;
    field::length(etag, 0, 64)?;
    Ok((!etag.is_empty()).then(|| etag.parse().unwrap_or(NEVER)))
}
