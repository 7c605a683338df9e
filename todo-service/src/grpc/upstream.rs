//! auth-service as it is reached: one channel an address, and the one that answered last.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proto::auth::v1::token_service_client::TokenServiceClient;
use service_kit::tls;
use tonic::transport::Channel;

use crate::config::Auth;

/// The replicas of auth-service. Clones share which of them is asked.
#[derive(Clone)]
pub struct Upstream {
    channels: Arc<[Channel]>,
    current: Arc<AtomicUsize>,
}

impl Upstream {
    /// One that is reached as the settings say, with this service's own certificate. Nothing connects before the first call.
    pub fn new(settings: &Auth, identity: &tls::Settings) -> Result<Self, tls::Error> {
        let channel = |address| tls::channel(identity, address, &settings.auth_name);
        Ok(Self::over(settings.auth_address.iter().map(channel).collect::<Result<_, _>>()?))
    }

    /// One behind these channels.
    #[must_use]
    pub fn over(channels: Vec<Channel>) -> Self {
        Self { channels: channels.into(), current: Arc::default() }
    }

    /// How many replicas there are.
    #[must_use]
    pub fn replicas(&self) -> usize {
        self.channels.len()
    }

    /// The rpcs of the replica that is asked now; `None` if there is none at all.
    pub(super) fn tokens(&self) -> Option<TokenServiceClient<Channel>> {
        let current = self.current.load(Ordering::Relaxed).checked_rem(self.channels.len())?;
        self.channels.get(current).cloned().map(TokenServiceClient::new)
    }

    /// The next replica is asked from now on.
    pub(super) fn fail_over(&self) {
        self.current.fetch_add(1, Ordering::Relaxed);
    }
}
