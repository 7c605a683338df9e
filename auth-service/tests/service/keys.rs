use std::time::Duration;

use auth_service::signing_key::{Error, Keychain};
use aws_lc_rs::digest;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use proto::auth::v1::GetJwksRequest;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::postgres::Database;
use service_kit::secret::Secret;

use crate::system::{START, System, database, secret};

#[tokio::test]
async fn eight_first_starts_at_once_end_with_one_key() {
    let settings = database().await;
    let start = |seed| {
        let settings = settings.clone();
        async move {
            let (clock, entropy) = (Clock::manual(START), Entropy::seeded(seed));
            let keys = Keychain::load(&Database::new(&settings), &secret(), &clock, &entropy).await.unwrap();
            let ring = keys.ring();
            assert_eq!(ring.published().len(), 1);
            ring.active().kid().to_owned()
        }
    };
    let kids = futures_util::future::join_all((0..8).map(start)).await;
    assert!(kids.iter().all(|kid| *kid == kids[0]), "{kids:?}");
}

#[tokio::test]
async fn a_restart_keeps_the_key() {
    let system = System::start().await;
    let database = Database::new(&system.settings);
    let again = Keychain::load(&database, &secret(), &system.clock, &system.entropy).await.unwrap();
    assert_eq!(again.ring().published(), system.signer.published());
}

#[tokio::test]
async fn another_key_file_than_at_the_first_start_is_told_by_name() {
    let system = System::start().await;
    let other = Secret::from_hex(&"6".repeat(64)).unwrap();
    let database = Database::new(&system.settings);
    let error = Keychain::load(&database, &other, &system.clock, &system.entropy).await.err().unwrap();
    assert!(matches!(error, Error::Unopened(_)) && error.to_string().contains("KEY_FILE"), "{error}");
}

#[tokio::test]
async fn a_stored_key_that_was_exchanged_is_not_used() {
    let (system, other) = (System::start().await, System::start().await);
    let theirs: (String, Vec<u8>) = sqlx::query_as("SELECT kid, sealed_key FROM auth.signing_keys")
        .fetch_one(&mut other.sql().await)
        .await
        .unwrap();
    let exchange = sqlx::query("UPDATE auth.signing_keys SET sealed_key = $1").bind(theirs.1);
    exchange.execute(&mut system.sql().await).await.unwrap();
    let database = Database::new(&system.settings);
    let error = Keychain::load(&database, &secret(), &system.clock, &system.entropy).await.err().unwrap();
    assert!(matches!(error, Error::Unopened(_)), "{error}");
}

#[tokio::test]
async fn the_private_key_is_stored_only_sealed() {
    let system = System::start().await;
    let sealed = "SELECT sealed_key FROM auth.signing_keys";
    let sealed: Vec<u8> = sqlx::query_scalar(sealed).fetch_one(&mut system.sql().await).await.unwrap();
    // The object identifier of Ed25519 (RFC 8410), which stands in every PKCS#8 form of such a key.
    assert!(!sealed.windows(3).any(|bytes| bytes == [0x2b, 0x65, 0x70]));
}

#[tokio::test]
async fn the_published_keys_are_the_same_in_both_forms() {
    let system = System::start().await;
    let jwks = system.auth().get_jwks(GetJwksRequest {}).await.unwrap().into_inner();
    let json: serde_json::Value = serde_json::from_str(&jwks.jwks_json).unwrap();
    let [key] = jwks.keys.as_slice() else { panic!("{jwks:?}") };
    let expected = serde_json::json!({ "keys": [
        { "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.kid, "x": key.x },
    ]});
    assert_eq!(json, expected);
    assert_eq!(jwks.cache_expire_time.unwrap().seconds, (START + Duration::from_mins(5)).unix_timestamp());
}

#[tokio::test]
async fn a_keys_name_is_its_thumbprint() {
    let system = System::start().await;
    let key = &system.signer.published()[0];
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, key.x);
    assert_eq!(key.kid, BASE64.encode(digest::digest(&digest::SHA256, members.as_bytes())));
}

#[tokio::test]
async fn an_access_token_says_what_is_claimed_for_it_and_nothing_else() {
    let system = System::start().await;
    let granted = system.somebody("alice").await;
    let parts: Vec<_> = granted.access_token.split('.').collect();
    let header = String::from_utf8(BASE64.decode(parts[0]).unwrap()).unwrap();
    let kid = &system.signer.published()[0].kid;
    assert_eq!(header, format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{kid}"}}"#));
    let claims: serde_json::Value = serde_json::from_slice(&BASE64.decode(parts[1]).unwrap()).unwrap();
    let now = START.unix_timestamp();
    let session = granted.session.unwrap().name;
    let expected = serde_json::json!({
        "iss": "https://auth.todo.local",
        "sub": granted.user.unwrap().name.strip_prefix("users/").unwrap(),
        "aud": "todo.local",
        "exp": now + 300, "iat": now, "nbf": now,
        "jti": claims["jti"],
        "sid": session.rsplit('/').next().unwrap(),
        "roles": [], "epoch": 0,
    });
    assert_eq!(claims, expected);
}
