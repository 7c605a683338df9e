//! How long the caller of a stream may be told: a call is checked once, and what goes on for longer is checked again.

use std::time::Duration;

use service_kit::caller::{self, Caller};
use service_kit::token::Rejection;
use tokio::time::{Instant, sleep, sleep_until};
use tonic::Status;

use super::Parts;

/// The shortest time between two checks: while others are revoked, a watch asks about its own token so often.
const REST: Duration = Duration::from_millis(50);
/// How often it is looked whether auth-service is heard.
const HEARD: Duration = Duration::from_secs(5);

/// Waits until the token of a caller is good no more, and says why. As a call is refused, so a stream ends: when its
/// token expires, when that is revoked, and when auth-service's feed is not heard and auth-service, asked, says so. A stream
/// that is `safe` only reads.
pub(super) async fn ended(parts: Parts, caller: Caller, token: String, safe: bool) -> Status {
    let mut revoked = parts.staleness.revocations().changes();
    let life = Duration::try_from(caller.expires() - parts.clock.now()).unwrap_or_default();
    let expires = Instant::now() + life;
    loop {
        tokio::select! {
            () = sleep_until(expires) => return caller::rejected(Rejection::Expired),
            Ok(()) = revoked.changed() => {}
            () = sleep(HEARD) => {
                if let Err(status) = parts.staleness.recheck(&token, safe).await {
                    return status;
                }
            }
        }
        if let Err(status) = caller.recheck(&parts.verifier) {
            return status;
        }
        sleep(REST).await;
    }
}
