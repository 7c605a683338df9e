//! What the requests of `auth.v1.UserService` ask for.

use proto::auth::v1::{
    self, ChangePasswordRequest, DeleteUserRequest, ListUsersRequest, SetRolesRequest, UpdateUserRequest, User,
};
use service_kit::field::{self, Fields, Invalid};
use service_kit::page::{MAX_TOKEN, PageSize};
use tonic::Status;
use uuid::Uuid;

use super::mask::Mask;
use super::names::UserName;
use crate::accounts::PasswordChange;
use crate::password::Password;
use crate::session::Key;
use crate::user::listing::{Filter, Order};
use crate::user::{Changes, Role, State, Username};

/// Most roles of a request, repeated ones counted.
const MOST_ROLES: usize = 8;

/// A page of users.
pub(super) struct Listing {
    pub(super) filter: Filter,
    pub(super) size: PageSize,
    pub(super) token: String,
}

/// A parsed update.
pub(super) struct Update {
    /// The name as it was sent.
    pub(super) sent_name: String,
    pub(super) name: UserName,
    pub(super) changes: Changes,
    /// The revision that the update is for, if it is for one.
    pub(super) revision: Option<i64>,
}

/// Whom to delete.
pub(super) enum Deletion {
    /// The caller, who says their password.
    Own(Password),
    /// Somebody else.
    Other(Uuid),
}

/// The name in a request that has nothing else.
pub(super) fn name(sent: &str) -> Result<UserName, Status> {
    let mut fields = Fields::default();
    let name = fields.parse("name", sent);
    Ok(fields.all((name,))?.0)
}

pub(super) fn listing(request: ListUsersRequest) -> Result<Listing, Status> {
    let ListUsersRequest { page_size, page_token, state, role, username_prefix, email_prefix } = request;
    let mut fields = Fields::default();
    let size = fields.take("page_size", PageSize::parse(page_size));
    let token = fields.take("page_token", field::length(&page_token, 0, MAX_TOKEN));
    let state = fields.take("state", state_of(state));
    let role = fields.take("role", optional_role(role));
    let by_name = fields.take("username_prefix", field::line(&username_prefix, 0, 32));
    let by_email = fields.take("email_prefix", email_prefix_beside(&email_prefix, &username_prefix));
    let (size, (), state, role, (), ()) = fields.all((size, token, state, role, by_name, by_email))?;
    let order = if email_prefix.is_empty() { Order::Username } else { Order::Email };
    let prefix = (username_prefix + &email_prefix).to_ascii_lowercase();
    Ok(Listing { filter: Filter { state, role, order, prefix }, size, token: page_token })
}

/// Each prefix has an order of its own, so there is no page of both.
fn email_prefix_beside(email_prefix: &str, username_prefix: &str) -> Result<(), Invalid> {
    field::line(email_prefix, 0, 254)?;
    match (email_prefix, username_prefix) {
        ("", _) | (_, "") => Ok(()),
        _ => Err(Invalid::new("not be set together with username_prefix")),
    }
}

pub(super) fn update(request: UpdateUserRequest) -> Result<Update, Status> {
    let UpdateUserRequest { user, update_mask } = request;
    let mut fields = Fields::default();
    let Some(user) = user else {
        fields.refuse("user", Invalid::new("be set"));
        fields.take("update_mask", Mask::of(update_mask.as_ref(), &User::default()));
        return fields.all((None,)).map(|(never,)| never);
    };
    let mask = fields.take("update_mask", Mask::of(update_mask.as_ref(), &user));
    let name = fields.parse("user.name", &user.name);
    let username = fields.take("user.username", username(&user.username, mask.unwrap_or_default()));
    let display_name = fields.parse("user.display_name", &user.display_name);
    let email = fields.optional("user.email", &user.email);
    let revision = fields.take("user.etag", revision(&user.etag));
    let (name, username, display_name, email, revision, mask) =
        fields.all((name, username, display_name, email, revision, mask))?;
    let changes = Changes {
        username: username.filter(|_| mask.username),
        display_name: mask.display_name.then_some(display_name),
        email: mask.email.then_some(email),
    };
    Ok(Update { sent_name: user.name, name, changes, revision })
}

/// The username, if one is sent. It cannot be cleared.
fn username(text: &str, mask: Mask) -> Result<Option<Username>, Invalid> {
    if text.is_empty() && !mask.username { Ok(None) } else { text.parse().map(Some) }
}

/// The revision that an etag stands for. One that is not of our making stands for none that ever was.
fn revision(etag: &str) -> Result<Option<i64>, Invalid> {
    const NEVER: i64 = 0;
    field::length(etag, 0, 64)?;
    Ok((!etag.is_empty()).then(|| etag.parse().unwrap_or(NEVER)))
}

/// The name as it was sent, and whom to delete.
pub(super) fn deletion(request: DeleteUserRequest, caller: Key) -> Result<(String, Deletion), Status> {
    let DeleteUserRequest { name: sent, password } = request;
    let mut fields = Fields::default();
    let target = fields.parse::<UserName>("name", &sent).map(|name| name.resolve(caller));
    let own = target.is_some_and(|target| target == caller.user);
    // Also where the password is not looked at, its length is.
    let presented = if password.is_empty() && !own { Ok(None) } else { Password::presented(password).map(Some) };
    let password = fields.take("password", presented);
    let (target, password) = fields.all((target, password))?;
    let deletion = match password {
        Some(password) if own => Deletion::Own(password),
        _ => Deletion::Other(target),
    };
    Ok((sent, deletion))
}

/// The name as it was sent, whose password, and which.
pub(super) fn password_change(request: ChangePasswordRequest) -> Result<(String, UserName, PasswordChange), Status> {
    let ChangePasswordRequest { name: sent, current_password, new_password, keep_other_sessions } = request;
    let mut fields = Fields::default();
    let name = fields.parse("name", &sent);
    let current = fields.take("current_password", Password::presented(current_password));
    let new = fields.take("new_password", Password::chosen(new_password));
    let (name, current, new) = fields.all((name, current, new))?;
    Ok((sent, name, PasswordChange { current, new, keep_others: keep_other_sessions }))
}

/// The name as it was sent, whose roles, and which, each once.
pub(super) fn roles(request: SetRolesRequest) -> Result<(String, UserName, Vec<Role>), Status> {
    let SetRolesRequest { name: sent, roles } = request;
    let mut fields = Fields::default();
    let name = fields.parse("name", &sent);
    if roles.len() > MOST_ROLES {
        fields.refuse("roles", Invalid::new(format!("be at most {MOST_ROLES} roles")));
    }
    let known = roles.iter().take(MOST_ROLES).enumerate().map(|(at, number)| {
        let role = optional_role(*number).and_then(|role| role.ok_or_else(|| Invalid::new("be a role")));
        fields.take(format!("roles[{at}]"), role)
    });
    let known: Option<Vec<_>> = known.collect::<Vec<_>>().into_iter().collect();
    let (name, mut roles) = fields.all((name, known))?;
    roles.dedup();
    Ok((sent, name, roles))
}

fn state_of(number: i32) -> Result<Option<State>, Invalid> {
    match v1::user::State::try_from(number) {
        Ok(v1::user::State::Unspecified) => Ok(None),
        Ok(v1::user::State::Active) => Ok(Some(State::Active)),
        Ok(v1::user::State::Disabled) => Ok(Some(State::Disabled)),
        Err(_) => Err(Invalid::new("be a state of this API")),
    }
}

fn optional_role(number: i32) -> Result<Option<Role>, Invalid> {
    match v1::Role::try_from(number) {
        Ok(v1::Role::Unspecified) => Ok(None),
        Ok(v1::Role::Admin) => Ok(Some(Role::Admin)),
        Err(_) => Err(Invalid::new("be a role of this API")),
    }
}
