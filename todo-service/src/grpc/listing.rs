//! What ListTodos asks for, and what it answers.

use aws_lc_rs::digest;
use proto::todo::v1 as wire;
use proto::todo::v1::todo_order::Key;
use service_kit::field::{self, Fields, Invalid};
use service_kit::page::{PageSize, Scope};
use service_kit::sealed::MAX_TOKEN;
use service_kit::timestamp;
use tonic::Status;
use uuid::Uuid;

use super::names::TodosParent;
use super::{Parts, messages};
use crate::todo::listing::{Listing, Next};
use crate::todo::query::{Filter, Order, Query, SortKey};
use crate::todo::{Day, Labels, Priority, State};

/// Most priorities of a filter: there are no more.
const MAX_PRIORITIES: usize = 10;
/// Most code points of the text of a filter.
const MAX_TEXT: usize = 200;

/// A page that is asked for.
pub(super) struct Asked {
    pub(super) query: Query,
    pub(super) size: PageSize,
    pub(super) token: String,
    arguments: [u8; 32],
}

impl Asked {
    /// What the tokens of this walk are bound to: everything but the size of its pages.
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope { caller: self.query.user, rpc: "ListTodos", arguments: &self.arguments }
    }

    /// The answer with a page, and with the token for what comes after it.
    pub(super) fn answer(&self, parts: &Parts, page: Listing) -> wire::ListTodosResponse {
        let todos = page.todos.into_iter().map(messages::todo).collect();
        let (next_page_token, sync_token) = match page.next {
            Next::Page(bookmark) => (parts.page_tokens.seal(self.scope(), Some(bookmark)), String::new()),
            Next::End(since) => (String::new(), parts.sync_tokens.seal(self.query.user, self.query.parent, &since)),
        };
        wire::ListTodosResponse { todos, next_page_token, sync_token }
    }
}

/// What a request of `user` asks for.
pub(super) fn parse(user: Uuid, request: wire::ListTodosRequest) -> Result<Asked, Status> {
    let wire::ListTodosRequest { parent, page_size, page_token, filter, order, show_deleted } = request;
    let mut fields = Fields::default();
    let parent = fields.parse::<TodosParent>("parent", &parent);
    let size = fields.take("page_size", PageSize::parse(page_size));
    let token = fields.take("page_token", field::length(&page_token, 0, MAX_TOKEN));
    let filter = filter.map_or(Some(None), |filter| self::filter(&mut fields, filter).map(Some));
    let order = fields.take("order.key", self::order(order.unwrap_or_default()));
    let (parent, size, (), filter, order) = fields.all((parent, size, token, filter, order))?;
    let query = Query { user, parent: parent.of(user), filter, order, with_deleted: show_deleted };
    Ok(Asked { arguments: self::arguments(&query), query, size, token: page_token })
}

fn filter(fields: &mut Fields, filter: wire::TodoFilter) -> Option<Filter> {
    let wire::TodoFilter { state, due_from, due_until, priorities, labels, text, changed_since } = filter;
    let state = fields.take("filter.state", self::state(state));
    let due_from = fields.optional::<Day>("filter.due_from", &due_from);
    let due_until = fields.optional::<Day>("filter.due_until", &due_until);
    let priorities = self::priorities(fields, &priorities);
    let labels = fields.take("filter.labels", Labels::try_from(labels));
    let phrase =
        fields.take("filter.text", field::prose(&text, MAX_TEXT)).map(|()| Some(text).filter(|text| !text.is_empty()));
    let changed_since = fields.take("filter.changed_since", timestamp::parse(changed_since));
    Some(Filter {
        state: state?,
        due_from: due_from?,
        due_until: due_until?,
        priorities: priorities?,
        labels: labels?,
        phrase: phrase?,
        changed_since: changed_since?,
    })
}

fn state(number: i32) -> Result<Option<State>, Invalid> {
    match wire::todo::State::try_from(number) {
        Ok(wire::todo::State::Unspecified) => Ok(None),
        Ok(wire::todo::State::Open) => Ok(Some(State::Open)),
        Ok(wire::todo::State::Completed) => Ok(Some(State::Completed)),
        Err(_) => Err(Invalid::new("be a state of this API")),
    }
}

fn priorities(fields: &mut Fields, numbers: &[i32]) -> Option<Vec<Priority>> {
    if numbers.len() > MAX_PRIORITIES {
        fields.refuse("filter.priorities", Invalid::new(format!("have at most {MAX_PRIORITIES} elements")));
        return None;
    }
    let parsed = numbers.iter().enumerate();
    let parsed =
        parsed.map(|(at, number)| fields.take(format!("filter.priorities[{at}]"), Priority::try_from(*number)));
    parsed.collect::<Vec<_>>().into_iter().collect()
}

fn order(order: wire::TodoOrder) -> Result<Order, Invalid> {
    let by = match Key::try_from(order.key) {
        Ok(Key::Unspecified | Key::Position) => SortKey::Position,
        Ok(Key::Due) => SortKey::Due,
        Ok(Key::Priority) => SortKey::Priority,
        Ok(Key::CreateTime) => SortKey::CreateTime,
        Ok(Key::UpdateTime) => SortKey::UpdateTime,
        Err(_) => return Err(Invalid::new("be a key of this API")),
    };
    Ok(Order { by, descending: order.descending })
}

/// What every page of a walk must ask for, in 32 bytes. Two services of different versions may not agree on it: then a walk begins
/// anew.
fn arguments(query: &Query) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, format!("{query:?}").as_bytes()).as_ref());
    hash
}
