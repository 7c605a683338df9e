//! `auth.v1.AuthService`.

use proto::auth::v1::auth_service_server::AuthService;
use proto::auth::v1::{
    GetJwksRequest, Jwk, Jwks, LogInRequest, LogInResponse, LogOutRequest, LogOutResponse, RefreshTokensRequest,
    RefreshTokensResponse, RegisterRequest, RequestEmailVerificationRequest, RequestEmailVerificationResponse,
    RequestPasswordResetRequest, RequestPasswordResetResponse, ResetPasswordRequest, ResetPasswordResponse, User,
    VerifyEmailRequest, VerifyEmailResponse,
};
use service_kit::caller::Caller;
use service_kit::clock::Clock;
use service_kit::field::{self, Fields};
use service_kit::peer::{Peer, Thumbprint};
use service_kit::timestamp::timestamp;
use service_kit::token;
use tonic::{Request, Response, Status};
use zeroize::Zeroizing;

use super::{errors, messages, origin, recovery_requests as parse};
use crate::access_token::Signer;
use crate::accounts::{Accounts, Registration};
use crate::password::Password;
use crate::session::Key;
use crate::sessions::{Credentials, Sessions};
use crate::signing_key;

/// The service.
pub(super) struct Auth {
    accounts: Accounts,
    sessions: Sessions,
    signer: Signer,
    clock: Clock,
}

impl Auth {
    /// The edge of `accounts` and `sessions`, and of the keys of `signer`.
    pub(super) fn new(accounts: Accounts, sessions: Sessions, signer: Signer, clock: Clock) -> Self {
        Self { accounts, sessions, signer, clock }
    }
}

#[tonic::async_trait]
impl AuthService for Auth {
    async fn register(&self, request: Request<RegisterRequest>) -> Result<Response<User>, Status> {
        let origin = origin::of(&request);
        let registration = registration(request.into_inner())?;
        let user = self.accounts.register(registration, origin).await.map_err(|error| errors::account(&error, ""))?;
        Ok(Response::new(messages::user(&user)))
    }

    async fn log_in(&self, request: Request<LogInRequest>) -> Result<Response<LogInResponse>, Status> {
        let (certificate, origin) = (Peer::of(&request)?.certificate, origin::of(&request));
        let credentials = credentials(request.into_inner(), certificate)?;
        let granted = self.sessions.log_in(credentials, origin).await.map_err(|error| errors::session(&error))?;
        Ok(Response::new(messages::logged_in(&granted)))
    }

    async fn refresh_tokens(
        &self,
        request: Request<RefreshTokensRequest>,
    ) -> Result<Response<RefreshTokensResponse>, Status> {
        let (certificate, origin) = (Peer::of(&request)?.certificate, origin::of(&request));
        let token = refresh_token(request.into_inner())?;
        let granted =
            self.sessions.refresh(&token, certificate, origin).await.map_err(|error| errors::session(&error))?;
        Ok(Response::new(messages::refreshed(&granted)))
    }

    async fn log_out(&self, request: Request<LogOutRequest>) -> Result<Response<LogOutResponse>, Status> {
        let (caller, origin) = (Key::from(&Caller::of(&request)?), origin::of(&request));
        self.sessions.log_out(caller, origin).await.map_err(|error| errors::session(&error))?;
        Ok(Response::new(LogOutResponse {}))
    }

    async fn request_password_reset(
        &self,
        request: Request<RequestPasswordResetRequest>,
    ) -> Result<Response<RequestPasswordResetResponse>, Status> {
        let origin = origin::of(&request);
        let email = parse::reset_request(request.get_ref())?;
        let asked = self.accounts.request_password_reset(email, origin).await;
        asked.map_err(|error| errors::account(&error, ""))?;
        Ok(Response::new(RequestPasswordResetResponse {}))
    }

    async fn reset_password(
        &self,
        request: Request<ResetPasswordRequest>,
    ) -> Result<Response<ResetPasswordResponse>, Status> {
        let origin = origin::of(&request);
        let (token, password) = parse::reset(request.into_inner())?;
        let reset = self.accounts.reset_password(token, password, origin).await;
        reset.map_err(|error| errors::new_password(&error, ""))?;
        Ok(Response::new(ResetPasswordResponse {}))
    }

    async fn request_email_verification(
        &self,
        request: Request<RequestEmailVerificationRequest>,
    ) -> Result<Response<RequestEmailVerificationResponse>, Status> {
        let (caller, origin) = (Key::from(&Caller::of(&request)?), origin::of(&request));
        let asked = self.accounts.request_verification(caller, origin).await;
        asked.map_err(|error| errors::account(&error, "users/me"))?;
        Ok(Response::new(RequestEmailVerificationResponse {}))
    }

    async fn verify_email(
        &self,
        request: Request<VerifyEmailRequest>,
    ) -> Result<Response<VerifyEmailResponse>, Status> {
        let origin = origin::of(&request);
        let token = parse::verification(request.into_inner())?;
        let verified = self.accounts.verify_email(token, origin).await;
        verified.map_err(|error| errors::account(&error, ""))?;
        Ok(Response::new(VerifyEmailResponse {}))
    }

    async fn get_jwks(&self, _: Request<GetJwksRequest>) -> Result<Response<Jwks>, Status> {
        let keys: Vec<_> = self.signer.published().iter().map(jwk).collect();
        let cache_expire_time = Some(timestamp(self.clock.now() + signing_key::CACHE));
        Ok(Response::new(Jwks { jwks_json: jwks_json(&keys), keys, cache_expire_time }))
    }
}

fn registration(request: RegisterRequest) -> Result<Registration, Status> {
    let RegisterRequest { username, password, email, display_name } = request;
    let mut fields = Fields::default();
    let username = fields.parse("username", &username);
    let password = fields.take("password", Password::chosen(password));
    let email = fields.optional("email", &email);
    let display_name = fields.parse("display_name", &display_name);
    let (username, password, email, display_name) = fields.all((username, password, email, display_name))?;
    Ok(Registration { username, password, email, display_name })
}

fn credentials(request: LogInRequest, certificate: Thumbprint) -> Result<Credentials, Status> {
    let LogInRequest { identifier, password, device_name, bind_to_certificate } = request;
    let mut fields = Fields::default();
    let identifier = fields.parse("identifier", &identifier);
    let password = fields.take("password", Password::presented(password));
    let device_name = fields.parse("device_name", &device_name);
    let (identifier, password, device_name) = fields.all((identifier, password, device_name))?;
    let bind_to = bind_to_certificate.then_some(certificate);
    Ok(Credentials { identifier, password, device_name, bind_to })
}

fn refresh_token(request: RefreshTokensRequest) -> Result<Zeroizing<String>, Status> {
    let token = Zeroizing::new(request.refresh_token);
    let mut fields = Fields::default();
    let checked = fields.take("refresh_token", field::length(&token, 1, 512));
    fields.all((checked,))?;
    Ok(token)
}

/// A key, as a message.
pub(super) fn jwk(key: &token::Jwk) -> Jwk {
    let token::Jwk { kty, crv, alg, use_, kid, x } = key.clone();
    Jwk { kty, crv, alg, r#use: use_, kid, x }
}

/// The keys as a JWK Set (RFC 7517, section 5).
fn jwks_json(keys: &[Jwk]) -> String {
    let key = |key: &Jwk| {
        serde_json::json!({
            "kty": key.kty, "crv": key.crv, "alg": key.alg, "use": key.r#use, "kid": key.kid, "x": key.x,
        })
    };
    serde_json::json!({ "keys": keys.iter().map(key).collect::<Vec<_>>() }).to_string()
}
