//! Who may call what: the options `access.v1.rule` and `todo.v1.least_role` of every rpc, as a table.
//!
//! The build fails for an rpc without the option, so a path that is not here does not exist.

use self::v1::Caller;
use crate::todo::v1::member::Role;

/// Version 1 of package `access`.
#[expect(clippy::pedantic, reason = "generated code")]
pub mod v1 {
    tonic::include_proto!("access.v1");
}

/// Who may call one rpc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// As in the `:path` of a call: `/todo.v1.TodoService/GetTodo`.
    pub path: &'static str,
    /// The token that the call must bring. Never [`Caller::Unspecified`].
    pub caller: Caller,
    /// Names of the peers whose certificates may make the call; empty for all. Never empty
    /// with [`Caller::Peer`].
    pub peers: &'static [&'static str],
    /// Whether it only reads: its `google.api.http` is a GET (safe, RFC 9110 9.2.1).
    pub safe: bool,
    /// Whether its requests may have 1 MiB.
    pub bulk: bool,
    /// The least role that the caller needs in the list that the request names; `None` where it names none.
    pub least_role: Option<Role>,
}

/// Sorted by path.
static RULES: &[Rule] = include!(concat!(env!("OUT_DIR"), "/access_table.rs"));

/// The rule of the rpc at a `:path`, or `None` if the API has no such rpc.
#[must_use]
pub fn rule(path: &str) -> Option<&'static Rule> {
    let index = RULES.binary_search_by(|rule| rule.path.cmp(path)).ok()?;
    RULES.get(index)
}

/// All rules, sorted by path.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter()
}
