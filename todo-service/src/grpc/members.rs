//! `todo.v1.MemberService`.

use proto::todo::v1 as wire;
use proto::todo::v1::member_service_server::MemberService;
use service_kit::caller::Caller;
use service_kit::field::{self, Fields, Invalid};
use service_kit::page::{MAX_TOKEN, PageSize, Scope};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::names::{ListName, MemberName, UserName};
use super::{Parts, errors, mask, messages, names};
use crate::member::{self, Action, Change, Member, MemberKey, Role, Share};
use crate::revision::Etag;

/// Who may see and change a list.
pub(super) struct Members(pub(super) Parts);

type Reply = Result<Response<wire::Member>, Status>;

#[tonic::async_trait]
impl MemberService for Members {
    async fn share_list(&self, request: Request<wire::ShareListRequest>) -> Reply {
        let by = Caller::of(&request)?.user();
        let wire::ShareListRequest { list: name, user, role } = request.into_inner();
        let mut fields = Fields::default();
        let list = fields.parse::<ListName>("list", &name);
        let user = fields.parse::<UserName>("user", &user);
        let role = fields.take("role", shared_role(role));
        let (ListName(list), UserName(user), role) = fields.all((list, user, role))?;
        let share = Share { by, key: MemberKey { list: list.of(by), user }, role };
        let made = member::share(&self.0.database, &self.0.limits, share).await;
        reply(made, names::LIST, &name)
    }

    async fn list_members(
        &self,
        request: Request<wire::ListMembersRequest>,
    ) -> Result<Response<wire::ListMembersResponse>, Status> {
        let user = Caller::of(&request)?.user();
        let wire::ListMembersRequest { parent: name, page_size, page_token } = request.into_inner();
        let mut fields = Fields::default();
        let list = fields.parse::<ListName>("parent", &name);
        let size = fields.take("page_size", PageSize::parse(page_size));
        let token = fields.take("page_token", field::length(&page_token, 0, MAX_TOKEN));
        let (ListName(list), size, ()) = fields.all((list, size, token))?;
        let list = list.of(user);
        let arguments = list.uuid().into_bytes();
        let scope = Scope { caller: user, rpc: "ListMembers", arguments: &arguments };
        let after = self.0.page_tokens.open(scope, &page_token)?;
        let page = member::page(&self.0.database, user, list, after, size).await;
        let page = page.map_err(|error| errors::member(&error, names::LIST, &name))?;
        Ok(Response::new(wire::ListMembersResponse {
            members: page.items.into_iter().map(messages::member).collect(),
            next_page_token: self.0.page_tokens.seal(scope, page.next),
        }))
    }

    async fn update_member(&self, request: Request<wire::UpdateMemberRequest>) -> Reply {
        let by = Caller::of(&request)?.user();
        let request = request.into_inner();
        let change = edit(by, &request)?;
        let changed = member::change(&self.0.database, change).await;
        reply(changed, names::MEMBER, &request.member.unwrap_or_default().name)
    }

    async fn remove_member(
        &self,
        request: Request<wire::RemoveMemberRequest>,
    ) -> Result<Response<wire::RemoveMemberResponse>, Status> {
        let by = Caller::of(&request)?.user();
        let wire::RemoveMemberRequest { name, etag } = request.into_inner();
        let mut fields = Fields::default();
        let key = fields.parse::<MemberName>("name", &name);
        let expected = fields.optional::<Etag>("etag", &etag);
        let (MemberName(key), expected) = fields.all((key, expected))?;
        let removed = member::change(&self.0.database, Change { by, key, expected, action: Action::Remove }).await;
        removed.map_err(|error| errors::member(&error, names::MEMBER, &name))?;
        Ok(Response::new(wire::RemoveMemberResponse {}))
    }

    async fn leave_list(
        &self,
        request: Request<wire::LeaveListRequest>,
    ) -> Result<Response<wire::LeaveListResponse>, Status> {
        let by = Caller::of(&request)?.user();
        let name = request.into_inner().list;
        let mut fields = Fields::default();
        let list = fields.parse::<ListName>("list", &name);
        let (ListName(list),) = fields.all((list,))?;
        let key = MemberKey { list: list.of(by), user: by };
        let left = member::change(&self.0.database, Change { by, key, expected: None, action: Action::Leave }).await;
        left.map_err(|error| errors::member(&error, names::LIST, &name))?;
        Ok(Response::new(wire::LeaveListResponse {}))
    }
}

/// The change that an update asks for. All of its fields are checked; the role is written if the mask names it.
fn edit(by: Uuid, request: &wire::UpdateMemberRequest) -> Result<Change, Status> {
    let mut fields = Fields::default();
    if request.member.is_none() {
        fields.refuse("member", Invalid::new("be set"));
    }
    let nothing = wire::Member::default();
    let writes = mask::writes_role(request.update_mask.as_ref(), request.member.as_ref().unwrap_or(&nothing));
    let writes = fields.take("update_mask", writes).unwrap_or_default();
    let parsed = request.member.as_ref().map(|member| {
        let role = fields.take("member.role", role(member.role)).map(|role| role.filter(|_| writes));
        if writes && role == Some(None) {
            fields.refuse("member.role", Invalid::new("be set"));
        }
        let key = fields.parse::<MemberName>("member.name", &member.name);
        (key, fields.optional::<Etag>("member.etag", &member.etag), role)
    });
    let (MemberName(key), expected, role) = fields.all(parsed.unwrap_or_default())?;
    Ok(Change { by, key, expected, action: Action::Role(role) })
}

/// A role of the contract, or none.
fn role(sent: i32) -> Result<Option<Role>, Invalid> {
    match wire::member::Role::try_from(sent) {
        Ok(wire::member::Role::Unspecified) => Ok(None),
        Ok(wire::member::Role::Viewer) => Ok(Some(Role::Viewer)),
        Ok(wire::member::Role::Editor) => Ok(Some(Role::Editor)),
        Ok(wire::member::Role::Owner) => Ok(Some(Role::Owner)),
        Err(_) => Err(Invalid::new("be one of the roles")),
    }
}

/// A role that a list can be shared for.
fn shared_role(sent: i32) -> Result<Role, Invalid> {
    let shared = role(sent).ok().flatten().filter(|role| *role < Role::Owner);
    shared.ok_or_else(|| Invalid::new("be ROLE_VIEWER or ROLE_EDITOR"))
}

fn reply(outcome: Result<Member, member::Error>, kind: &str, name: &str) -> Reply {
    let member = outcome.map_err(|error| errors::member(&error, kind, name))?;
    Ok(Response::new(messages::member(member)))
}
