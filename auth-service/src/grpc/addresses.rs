//! The throttle in front of what anybody may call.

use std::sync::Arc;

use proto::access::v1::Caller;
use service_kit::access::Admitted;
use service_kit::peer::RemoteAddress;
use tonic::service::Interceptor;
use tonic::{Request, Status};

use super::errors;
use crate::addresses::Addresses;

/// Costs nothing and tells nothing that can be guessed.
const JWKS: &str = "/auth.v1.AuthService/GetJwks";

/// Counts calls for which no token is asked, by the address at the other end of the connection.
#[derive(Clone)]
pub(super) struct AddressThrottle(Arc<Addresses>);

impl AddressThrottle {
    /// In front of a service.
    pub(super) fn new(addresses: Arc<Addresses>) -> Self {
        Self(addresses)
    }
}

impl Interceptor for AddressThrottle {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let rpc = request.extensions().get::<Admitted>();
        if rpc.is_none_or(|rpc| rpc.required == Caller::Anonymous && rpc.method != JWKS) {
            let address = request.extensions().get::<RemoteAddress>().map(|remote| remote.0);
            self.0.admit(address).map_err(errors::address_throttled)?;
        }
        Ok(request)
    }
}
