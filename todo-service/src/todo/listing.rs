//! Todos, a page at a time.

use serde::{Deserialize, Serialize};
use service_kit::page::{Page, PageSize};
use service_kit::postgres::Database;

use super::query::{Place, Query};
use super::{Error, Parent, Todo};
use crate::list::ListId;
use crate::member;
use crate::revision::Revisions;
use crate::store;

/// A page.
#[derive(Debug)]
pub struct Listing {
    /// Its todos.
    pub todos: Vec<Todo>,
    /// What comes after it.
    pub next: Next,
}

/// What comes after a page.
#[derive(Debug)]
pub enum Next {
    /// Another page.
    Page(Bookmark),
    /// Nothing. Whoever has read all pages knows all that was so at these revisions, and can follow from there: a todo that moved
    /// from a page to come to one that was read has changed since.
    End(Revisions),
}

/// Where the next page begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bookmark {
    /// After this place.
    pub after: Place,
    /// How far the lists were when the first page was read.
    pub since: Revisions,
}

/// How far the lists of a query are.
async fn revisions(database: &Database, query: &Query) -> Result<Revisions, Error> {
    let heads = match query.parent {
        Parent::All => store::watch::heads(database, query.user).await?,
        Parent::One(list) => Vec::from_iter(store::watch::head(database, query.user, list).await?),
    };
    Ok(heads.into_iter().map(|head| (head.list, head.revision)).collect())
}

/// The todos that are asked for, from a bookmark on. An inbox that nobody has used is empty.
pub async fn page(
    database: &Database,
    query: Query,
    bookmark: Option<Bookmark>,
    size: PageSize,
) -> Result<Listing, Error> {
    let (user, parent) = (query.user, query.parent);
    let (after, since) = match bookmark {
        Some(Bookmark { after, since }) => (Some(after), since),
        // Before the todos: what changes between the two is told twice, and not never.
        None => (None, revisions(database, &query).await?),
    };
    let found = store::todos::page(database, query, after, size.rows()).await?;
    if let (Parent::One(list), []) = (parent, found.as_slice())
        && list != ListId::inbox_of(user)
    {
        // An empty page says nothing about the list.
        member::role(database, user, list).await?.ok_or(Error::NotFound)?;
    }
    let Page { items, next } = Page::new(found, size, |(place, _)| place.clone());
    let next = match next {
        Some(after) => Next::Page(Bookmark { after, since }),
        None => Next::End(since),
    };
    Ok(Listing { todos: items.into_iter().map(|(_, todo)| todo).collect(), next })
}
