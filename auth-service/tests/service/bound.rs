//! Tokens that are bound to a certificate (RFC 8705).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::auth::v1::user_service_client::UserServiceClient;
use proto::auth::v1::{
    GetUserRequest, IntrospectTokenRequest, LogInRequest, LogInResponse, RefreshTokensRequest, RefreshTokensResponse,
    User,
};
use tonic::{Code, Status};

use crate::system::{PASSWORD, System, refused, with_token};

async fn log_in(system: &System, certificate: u8, bind_to_certificate: bool) -> LogInResponse {
    let (identifier, password) = ("alice".to_owned(), PASSWORD.to_owned());
    let request = LogInRequest { identifier, password, bind_to_certificate, ..LogInRequest::default() };
    let mut client = AuthServiceClient::new(system.called_with("client", certificate));
    client.log_in(request).await.unwrap().into_inner()
}

async fn me(system: &System, certificate: u8, token: &str) -> Result<User, Status> {
    let mut client = UserServiceClient::new(system.called_with("client", certificate));
    let request = with_token(token, GetUserRequest { name: "users/me".to_owned() });
    client.get_user(request).await.map(tonic::Response::into_inner)
}

async fn refresh(system: &System, certificate: u8, token: &str) -> Result<RefreshTokensResponse, Status> {
    let mut client = AuthServiceClient::new(system.called_with("client", certificate));
    let request = RefreshTokensRequest { refresh_token: token.to_owned() };
    client.refresh_tokens(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_bound_token_is_good_with_its_certificate_alone() {
    let system = System::start().await;
    system.user("alice").await;
    let granted = log_in(&system, 1, true).await;
    assert!(granted.session.unwrap().certificate_bound);
    assert!(me(&system, 1, &granted.access_token).await.is_ok());
    refused(me(&system, 2, &granted.access_token).await, Code::Unauthenticated, "TOKEN_INVALID");
}

#[tokio::test]
async fn a_token_that_is_not_bound_is_good_with_any() {
    let system = System::start().await;
    system.user("alice").await;
    let granted = log_in(&system, 1, false).await;
    assert!(!granted.session.unwrap().certificate_bound);
    assert!(me(&system, 2, &granted.access_token).await.is_ok());
    assert!(refresh(&system, 2, &granted.refresh_token).await.is_ok());
}

#[tokio::test]
async fn a_refresh_keeps_the_binding_and_a_thief_can_neither_use_nor_end_it() {
    let system = System::start().await;
    system.user("alice").await;
    let granted = log_in(&system, 1, true).await;
    refused(refresh(&system, 2, &granted.refresh_token).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    let refreshed = refresh(&system, 1, &granted.refresh_token).await.unwrap();
    assert!(me(&system, 1, &refreshed.access_token).await.is_ok());
    refused(me(&system, 2, &refreshed.access_token).await, Code::Unauthenticated, "TOKEN_INVALID");
    let again = refresh(&system, 1, &refreshed.refresh_token).await.unwrap();
    refused(refresh(&system, 2, &granted.refresh_token).await, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    assert!(refresh(&system, 1, &again.refresh_token).await.is_ok(), "the session goes on");
}

#[tokio::test]
async fn introspection_tells_the_binding() {
    let system = System::start().await;
    system.user("alice").await;
    for bound in [false, true] {
        let token = log_in(&system, 7, bound).await.access_token;
        let told = system.tokens("todo-service").introspect_token(IntrospectTokenRequest { token }).await.unwrap();
        let expected = if bound { BASE64_URL_SAFE_NO_PAD.encode([7; 32]) } else { String::new() };
        assert_eq!(told.into_inner().certificate_thumbprint, expected);
    }
}
