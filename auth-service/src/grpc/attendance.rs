//! The interceptor of this service: who calls, and that their session is seen.

use service_kit::caller::{Authenticate, Caller};
use tonic::service::Interceptor;
use tonic::{Request, Status};

use super::origin;
use crate::sightings::Sightings;

/// Lets in whom [`Authenticate`] lets in, and remembers their session.
#[derive(Clone)]
pub(super) struct Attendance {
    authenticate: Authenticate,
    sightings: Sightings,
}

impl Attendance {
    /// Behind `authenticate`.
    pub(super) fn new(authenticate: Authenticate, sightings: Sightings) -> Self {
        Self { authenticate, sightings }
    }
}

impl Interceptor for Attendance {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let request = self.authenticate.call(request)?;
        if let Some(caller) = request.extensions().get::<Caller>() {
            self.sightings.saw(caller.session(), origin::of(&request));
        }
        Ok(request)
    }
}
