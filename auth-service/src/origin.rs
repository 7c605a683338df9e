//! Whence a call comes, as far as it can be told: for the audit trail and for what a user is told of their sessions.

use std::net::IpAddr;
use std::sync::Arc;

/// Whence a call comes. The default is the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The name in the caller's certificate.
    pub peer: Option<Arc<str>>,
    /// The other end of the connection: the caller, or the last proxy before us.
    pub address: Option<IpAddr>,
    /// What the caller's program calls itself; at most 200 code points, no control characters.
    pub user_agent: Option<String>,
    /// The id of the call, which its caller was told.
    pub request_id: Option<Arc<str>>,
}
