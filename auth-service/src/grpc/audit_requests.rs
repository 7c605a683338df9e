//! What the requests of `auth.v1.AuditService` ask for.

use proto::auth::v1::{ListAuditEventsRequest, audit_event};
use service_kit::field::{self, Fields, Invalid};
use service_kit::page::{MAX_TOKEN, PageSize};
use service_kit::timestamp;
use tonic::Status;

use super::names::{SessionName, UserName};
use crate::event::Kind;
use crate::event::listing::Filter;
use crate::session::Key;

/// Most kinds of a request, repeated ones counted.
const MOST_KINDS: usize = 32;
/// A page of events.
pub(super) struct Listing {
    pub(super) filter: Filter,
    pub(super) size: PageSize,
    pub(super) token: String,
}

pub(super) fn listing(request: ListAuditEventsRequest, caller: Key) -> Result<Listing, Status> {
    let ListAuditEventsRequest { page_size, page_token, user, actor, session, kinds, start_time, end_time } = request;
    let mut fields = Fields::default();
    let size = fields.take("page_size", PageSize::parse(page_size));
    let token = fields.take("page_token", field::length(&page_token, 0, MAX_TOKEN));
    let user = fields.optional::<UserName>("user", &user);
    let actor = fields.optional::<UserName>("actor", &actor);
    let session = fields.optional::<SessionName>("session", &session);
    let kinds = self::kinds(&mut fields, &kinds);
    let start = fields.take("start_time", timestamp::parse(start_time));
    let end = fields.take("end_time", timestamp::parse(end_time));
    let whose = user.zip(actor).zip(session);
    let (size, (), ((user, actor), session), kinds, start, end) =
        fields.all((size, token, whose, kinds, start, end))?;
    let (user, actor) = (user.map(|name| name.resolve(caller)), actor.map(|name| name.resolve(caller)));
    let session = session.map(|name| name.resolve(caller));
    Ok(Listing { filter: Filter { user, actor, session, kinds, start, end }, size, token: page_token })
}

/// The kinds in one order, each once.
fn kinds(fields: &mut Fields, numbers: &[i32]) -> Option<Vec<Kind>> {
    if numbers.len() > MOST_KINDS {
        fields.refuse("kinds", Invalid::new(format!("be at most {MOST_KINDS} kinds")));
    }
    let known = numbers.iter().take(MOST_KINDS).enumerate();
    let known = known.map(|(at, number)| fields.take(format!("kinds[{at}]"), kind(*number))).collect::<Vec<_>>();
    let mut kinds = known.into_iter().collect::<Option<Vec<_>>>()?;
    kinds.sort_unstable();
    kinds.dedup();
    Some(kinds)
}

/// The kind that has the name of the contract's value.
fn kind(number: i32) -> Result<Kind, Invalid> {
    let sent = audit_event::Kind::try_from(number).ok();
    let name = sent.and_then(|kind| kind.as_str_name().strip_prefix("KIND_"));
    let kind = name.and_then(|name| Kind::from_text(&name.to_ascii_lowercase()));
    kind.ok_or_else(|| Invalid::new("be a kind of this API"))
}
