//! A secret in a message does not reach a log through `Debug`.

use proto::auth::v1::{IntrospectTokenRequest, LogInRequest, LogInResponse, RegisterRequest};
use proto::auth::v1::{RefreshTokensRequest, RefreshTokensResponse};

const SECRET: &str = "correct horse battery staple";

#[test]
fn a_secret_is_not_printed() {
    let secret = || SECRET.to_owned();
    let printed = [
        format!("{:?}", RegisterRequest { password: secret(), ..Default::default() }),
        format!("{:?}", LogInRequest { password: secret(), ..Default::default() }),
        format!("{:?}", LogInResponse { access_token: secret(), ..Default::default() }),
        format!("{:?}", LogInResponse { refresh_token: secret(), ..Default::default() }),
        format!("{:?}", RefreshTokensRequest { refresh_token: secret() }),
        format!("{:?}", RefreshTokensResponse { access_token: secret(), ..Default::default() }),
        format!("{:?}", RefreshTokensResponse { refresh_token: secret(), ..Default::default() }),
        format!("{:?}", IntrospectTokenRequest { token: secret() }),
    ];
    for text in printed {
        assert!(!text.contains(SECRET) && text.contains("(redacted)"), "{text}");
    }
}

#[test]
fn the_rest_of_a_message_with_a_secret_is_printed() {
    let request = LogInRequest { identifier: "alice".to_owned(), ..Default::default() };
    let expected = r#"LogInRequest { identifier: "alice", password: (redacted), device_name: "", "#;
    assert!(format!("{request:?}").starts_with(expected), "{request:?}");
}
