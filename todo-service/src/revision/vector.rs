//! The versions of several lists: together they say how far somebody has followed.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Revision;
use crate::list::ListId;

/// Most lists that are written into a token: the 500 that a user may own, and 200 shared with them.
pub const MAX_LISTS: usize = 700;
/// A list's id and its revision.
const ENTRY: usize = 24;

/// A revision of each of some lists. Written as one text, 32 characters a list. Of more than 700 lists it is written as of
/// none: whoever goes on from that begins anew, and misses nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Revisions(BTreeMap<ListId, Revision>);

/// The text is not what [`Revisions`] are written as.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not revisions of lists")]
pub struct InvalidRevisions;

impl Revisions {
    /// Whether there is no list.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many lists there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The revision of a list, if it is one of these.
    #[must_use]
    pub fn get(&self, list: ListId) -> Option<Revision> {
        self.0.get(&list).copied()
    }

    /// Sets the revision of a list.
    pub fn insert(&mut self, list: ListId, revision: Revision) {
        self.0.insert(list, revision);
    }

    /// Takes a list away; false if it is not one of these.
    pub fn remove(&mut self, list: ListId) -> bool {
        self.0.remove(&list).is_some()
    }

    /// The lists, in the order of their ids.
    pub fn lists(&self) -> impl Iterator<Item = ListId> {
        self.0.keys().copied()
    }
}

impl FromIterator<(ListId, Revision)> for Revisions {
    fn from_iter<I: IntoIterator<Item = (ListId, Revision)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl From<Revisions> for String {
    fn from(Revisions(entries): Revisions) -> Self {
        let mut bytes = Vec::new();
        if entries.len() <= MAX_LISTS {
            for (list, revision) in entries {
                bytes.extend(list.uuid().into_bytes());
                bytes.extend(revision.count().to_be_bytes());
            }
        }
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }
}

impl TryFrom<String> for Revisions {
    type Error = InvalidRevisions;

    fn try_from(text: String) -> Result<Self, InvalidRevisions> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidRevisions)?;
        let (entries, []) = bytes.as_chunks::<ENTRY>() else { return Err(InvalidRevisions) };
        entries.iter().map(entry).collect::<Option<_>>().ok_or(InvalidRevisions)
    }
}

fn entry(bytes: &[u8; ENTRY]) -> Option<(ListId, Revision)> {
    let (list, rest) = bytes.split_first_chunk()?;
    let revision = i64::from_be_bytes(*rest.first_chunk()?);
    Some((ListId::new(Uuid::from_bytes(*list)), Revision::new(revision)))
}
