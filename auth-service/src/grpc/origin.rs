//! Whence a call comes, from what the server knows of its connection.

use std::sync::Arc;

use service_kit::peer::{Peer, RemoteAddress};
use service_kit::telemetry::RequestId;
use tonic::Request;

use crate::origin::Origin;

/// Most code points that are kept of what a program calls itself.
const USER_AGENT: usize = 200;

/// The origin of a call.
pub(super) fn of<T>(request: &Request<T>) -> Origin {
    let extensions = request.extensions();
    Origin {
        peer: extensions.get::<Peer>().map(|peer| Arc::clone(&peer.name)),
        address: extensions.get::<RemoteAddress>().map(|remote| remote.0),
        user_agent: request.metadata().get("user-agent").and_then(|agent| agent.to_str().ok()).map(line),
        request_id: extensions.get::<RequestId>().map(|id| Arc::clone(&id.0)),
    }
}

fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect()
}
