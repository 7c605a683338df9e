//! `todo.v1.ListService`.

use proto::todo::v1 as wire;
use proto::todo::v1::list_service_server::ListService;
use service_kit::caller::Caller;
use service_kit::field::{self, Fields, Invalid};
use service_kit::page::{MAX_TOKEN, PageSize, Scope};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::names::{ChosenId, ListName};
use super::{Parts, errors, mask, messages};
use crate::fingerprint::Fingerprint;
use crate::list::{self, Action, Change, DisplayName, ListId, NewList};
use crate::revision::Etag;

/// The lists that hold the todos.
pub(super) struct Lists(pub(super) Parts);

type Reply = Result<Response<wire::List>, Status>;

#[tonic::async_trait]
impl ListService for Lists {
    async fn create_list(&self, request: Request<wire::CreateListRequest>) -> Reply {
        let caller = Caller::of(&request)?;
        let list = self.new_list(caller.user(), &request.into_inner())?;
        let id = list.id.uuid();
        let made = list::create(&self.0.database, &self.0.limits, list).await;
        let list = made.map_err(|error| errors::list(&error, &format!("lists/{id}"), id))?;
        Ok(Response::new(messages::list(list)))
    }

    async fn get_list(&self, request: Request<wire::GetListRequest>) -> Reply {
        let user = Caller::of(&request)?.user();
        let name = request.into_inner().name;
        let mut fields = Fields::default();
        let list = fields.parse::<ListName>("name", &name);
        let (ListName(list),) = fields.all((list,))?;
        let id = list.of(user);
        let found = list::get(&self.0.database, user, id).await;
        let list = found.map_err(|error| errors::list(&error, &name, id.uuid()))?;
        Ok(Response::new(messages::list(list)))
    }

    async fn list_lists(
        &self,
        request: Request<wire::ListListsRequest>,
    ) -> Result<Response<wire::ListListsResponse>, Status> {
        let user = Caller::of(&request)?.user();
        let wire::ListListsRequest { page_size, page_token, show_deleted } = request.into_inner();
        let mut fields = Fields::default();
        let size = fields.take("page_size", PageSize::parse(page_size));
        let token = fields.take("page_token", field::length(&page_token, 0, MAX_TOKEN));
        let (size, ()) = fields.all((size, token))?;
        let scope = Scope { caller: user, rpc: "ListLists", arguments: &[show_deleted.into()] };
        let after = self.0.page_tokens.open(scope, &page_token)?;
        let page = list::page(&self.0.database, user, show_deleted, after.map(ListId::new), size).await;
        let page = page.map_err(|error| errors::list(&error, "lists/-", Uuid::nil()))?;
        Ok(Response::new(wire::ListListsResponse {
            lists: page.items.into_iter().map(messages::list).collect(),
            next_page_token: self.0.page_tokens.seal(scope, page.next.map(ListId::uuid)),
        }))
    }

    async fn update_list(&self, request: Request<wire::UpdateListRequest>) -> Reply {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let change = edit(caller.user(), &request)?;
        self.change(change, &request.list.unwrap_or_default().name).await
    }

    async fn delete_list(&self, request: Request<wire::DeleteListRequest>) -> Reply {
        let caller = Caller::of(&request)?;
        let wire::DeleteListRequest { name, etag } = request.into_inner();
        self.change(named(caller.user(), &name, &etag, Action::Delete)?, &name).await
    }

    async fn undelete_list(&self, request: Request<wire::UndeleteListRequest>) -> Reply {
        let caller = Caller::of(&request)?;
        let wire::UndeleteListRequest { name, etag } = request.into_inner();
        self.change(named(caller.user(), &name, &etag, Action::Undelete)?, &name).await
    }
}

impl Lists {
    async fn change(&self, change: Change, name: &str) -> Reply {
        let id = change.id.uuid();
        let changed = list::change(&self.0.database, &self.0.limits, change).await;
        let list = changed.map_err(|error| errors::list(&error, name, id))?;
        Ok(Response::new(messages::list(list)))
    }

    fn new_list(&self, owner: Uuid, request: &wire::CreateListRequest) -> Result<NewList, Status> {
        let mut fields = Fields::default();
        if request.list.is_none() {
            fields.refuse("list", Invalid::new("be set"));
        }
        let display_name = request.list.as_ref().and_then(|list| {
            fields.optional::<ListName>("list.name", &list.name);
            fields.optional::<Etag>("list.etag", &list.etag);
            fields.parse::<DisplayName>("list.display_name", &list.display_name)
        });
        let chosen = fields.optional::<ChosenId>("list_id", &request.list_id);
        let (display_name, chosen) = fields.all((display_name, chosen))?;
        let now = self.0.clock.now();
        let fingerprint = Fingerprint::new(owner, &[(2, display_name.as_str().as_bytes())]);
        let id = ListId::new(chosen.map_or_else(|| self.0.entropy.id(now), |ChosenId(id)| id));
        Ok(NewList { owner, id, display_name, fingerprint })
    }
}

/// A change that needs a name and an etag only.
fn named(user: Uuid, name: &str, etag: &str, action: Action) -> Result<Change, Status> {
    let mut fields = Fields::default();
    let list = fields.parse::<ListName>("name", name);
    let expected = fields.optional::<Etag>("etag", etag);
    let (ListName(list), expected) = fields.all((list, expected))?;
    Ok(Change { user, id: list.of(user), expected, action })
}

/// The change that an update asks for. All of its fields are checked; the name is written if the mask names it.
fn edit(user: Uuid, request: &wire::UpdateListRequest) -> Result<Change, Status> {
    let mut fields = Fields::default();
    if request.list.is_none() {
        fields.refuse("list", Invalid::new("be set"));
    }
    let nothing = wire::List::default();
    let writes = mask::writes_display_name(request.update_mask.as_ref(), request.list.as_ref().unwrap_or(&nothing));
    let writes = fields.take("update_mask", writes).unwrap_or_default();
    let parsed = request.list.as_ref().map(|list| {
        // An empty name is none, unless it is to be written.
        let display_name = if writes {
            fields.parse("list.display_name", &list.display_name).map(Some)
        } else {
            fields.optional::<DisplayName>("list.display_name", &list.display_name).map(|_| None)
        };
        let id = fields.parse::<ListName>("list.name", &list.name);
        (id, fields.optional::<Etag>("list.etag", &list.etag), display_name)
    });
    let (ListName(list), expected, display_name) = fields.all(parsed.unwrap_or_default())?;
    Ok(Change { user, id: list.of(user), expected, action: Action::Rename(display_name) })
}
