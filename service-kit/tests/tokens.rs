//! The attacks on a token, one by one. The signer is the library itself or raw Ed25519, as an attacker would use it.

use std::num::NonZeroUsize;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use service_kit::clock::Clock;
use service_kit::peer::Thumbprint;
use service_kit::token::{Jwk, KeySet, Keys, LEEWAY, MAX_LIFETIME, Rejection, Settings, Verifier};
use time::OffsetDateTime;

const NOW: i64 = 1_800_000_000;
const THUMBPRINT: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
const SUB: &str = "01920000-0000-7000-8000-000000000001";

struct Bench {
    key: Ed25519KeyPair,
    keys: Keys,
    clock: Clock,
    verifier: Verifier,
}

fn jwk(x: &[u8]) -> Jwk {
    Jwk {
        kty: "OKP".into(),
        crv: "Ed25519".into(),
        alg: "EdDSA".into(),
        use_: "sig".into(),
        kid: "k1".into(),
        x: BASE64.encode(x),
    }
}

fn bench() -> Bench {
    let key = Ed25519KeyPair::generate().unwrap();
    let keys = Keys::default();
    keys.replace(KeySet::new(&[jwk(key.public_key().as_ref())]).unwrap());
    let clock = Clock::manual(OffsetDateTime::from_unix_timestamp(NOW).unwrap());
    let settings = Settings {
        token_issuer: "https://auth.todo.local".into(),
        token_audience: "todo.local".into(),
        token_cache: NonZeroUsize::new(16).unwrap(),
    };
    let verifier = Verifier::new(&settings, keys.clone(), clock.clone());
    Bench { key, keys, clock, verifier }
}

fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "k1"})
}

fn claims() -> Value {
    json!({
        "iss": "https://auth.todo.local", "sub": SUB, "aud": "todo.local",
        "exp": NOW + 300, "iat": NOW, "nbf": NOW, "jti": SUB, "sid": SUB, "roles": [], "epoch": 0,
    })
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

impl Bench {
    fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    fn sign_text(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = BASE64.encode(self.key.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn outcome(&self, token: &str) -> Result<(), Rejection> {
        self.verifier.verify(token).map(drop)
    }

    #[track_caller]
    fn refuses(&self, name: &str, token: &str) {
        assert_eq!(self.outcome(token), Err(Rejection::Invalid), "{name}");
    }
}

#[test]
fn a_good_token_is_accepted_again_and_again() {
    let bench = bench();
    let token = bench.sign(&header(), &claims());
    assert_eq!(bench.outcome(&token), Ok(()));
    assert_eq!(bench.outcome(&token), Ok(()), "from the cache");
}

#[test]
fn a_header_of_any_other_form_is_refused() {
    let bench = bench();
    let odd = [
        ("alg none", with(header(), "alg", json!("none"))),
        ("alg nOnE", with(header(), "alg", json!("nOnE"))),
        ("alg HS256", with(header(), "alg", json!("HS256"))),
        ("alg ES256", with(header(), "alg", json!("ES256"))),
        ("alg as a list", with(header(), "alg", json!(["EdDSA"]))),
        ("no alg", without(header(), "alg")),
        ("typ JWT", with(header(), "typ", json!("JWT"))),
        ("typ of a refresh token", with(header(), "typ", json!("refresh"))),
        ("no typ", without(header(), "typ")),
        ("crit", with(header(), "crit", json!(["exp"]))),
        ("empty crit", with(header(), "crit", json!([]))),
        ("b64 false", with(header(), "b64", json!(false))),
        ("jwk", with(header(), "jwk", json!({}))),
        ("jku", with(header(), "jku", json!("https://example.com"))),
        ("x5u", with(header(), "x5u", json!("https://example.com"))),
        ("unknown kid", with(header(), "kid", json!("k2"))),
        ("kid as a path", with(header(), "kid", json!("../../dev/null"))),
        ("kid as SQL", with(header(), "kid", json!("' OR 1=1 --"))),
        ("kid with NUL", with(header(), "kid", json!("k1\u{0}"))),
        ("no kid", without(header(), "kid")),
    ];
    for (name, header) in odd {
        bench.refuses(name, &bench.sign(&header, &claims()));
    }
    let twice = r#"{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"k1"}"#;
    bench.refuses("alg twice", &bench.sign_text(twice, &claims().to_string()));
}

#[test]
fn claims_that_are_missing_wrong_typed_or_unknown_are_refused() {
    let bench = bench();
    for name in ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "sid", "roles", "epoch"] {
        bench.refuses(&format!("no {name}"), &bench.sign(&header(), &without(claims(), name)));
        bench.refuses(&format!("{name} null"), &bench.sign(&header(), &with(claims(), name, Value::Null)));
        bench.refuses(&format!("{name} object"), &bench.sign(&header(), &with(claims(), name, json!({}))));
    }
    let odd = [
        ("another issuer", "iss", json!("https://evil.example")),
        ("issuers", "iss", json!(["https://auth.todo.local"])),
        ("another audience", "aud", json!("other.local")),
        ("audiences", "aud", json!(["evil", "todo.local"])),
        ("audience as a number", "aud", json!(5)),
        ("sub that is no UUID", "sub", json!("admin")),
        ("exp as text", "exp", json!("1800000300")),
        ("exp as a float", "exp", json!(1_800_000_300.5)),
        ("exp beyond i64", "exp", json!(10_000_000_000_000_000_000_u64)),
        ("exp negative", "exp", json!(-1)),
        ("exp before iat", "exp", json!(NOW - 1)),
        ("life too long", "exp", json!(NOW + MAX_LIFETIME + 1)),
        ("iat in the future", "iat", json!(NOW + LEEWAY + 1)),
        ("nbf in the future", "nbf", json!(NOW + LEEWAY + 1)),
        ("iat that overflows", "iat", json!(i64::MIN)),
        ("a role that does not exist", "roles", json!(["root"])),
        ("an unknown claim", "scope", json!("all")),
        ("cnf null", "cnf", Value::Null),
        ("cnf without a certificate", "cnf", json!({})),
        ("cnf with more", "cnf", json!({"x5t#S256": THUMBPRINT, "jkt": "x"})),
        ("cnf as text", "cnf", json!(THUMBPRINT)),
        ("a thumbprint of 31 bytes", "cnf", json!({"x5t#S256": BASE64.encode([7; 31])})),
        ("a padded thumbprint", "cnf", json!({"x5t#S256": format!("{THUMBPRINT}=")})),
        ("a thumbprint with loose bits", "cnf", json!({"x5t#S256": "A".repeat(42) + "B"})),
    ];
    for (case, name, value) in odd {
        bench.refuses(case, &bench.sign(&header(), &with(claims(), name, value)));
    }
    let twice = claims().to_string().replacen('{', &format!(r#"{{"sub":"{SUB}","#), 1);
    bench.refuses("sub twice", &bench.sign_text(&header().to_string(), &twice));
}

#[test]
fn a_token_says_which_certificate_it_is_bound_to() {
    let bench = bench();
    assert_eq!(bench.verifier.verify(&bench.sign(&header(), &claims())).unwrap().cnf, None);
    let bound = with(claims(), "cnf", json!({"x5t#S256": THUMBPRINT}));
    let claims = bench.verifier.verify(&bench.sign(&header(), &bound)).unwrap();
    assert_eq!(claims.cnf.unwrap().certificate, Thumbprint::from_bytes(&[7; 32]).unwrap());
}

#[test]
fn a_token_lives_to_its_end_and_the_leeway_and_no_second_longer() {
    let bench = bench();
    let token = bench.sign(&header(), &claims());
    let seconds = std::time::Duration::from_secs;
    bench.clock.advance(seconds(300));
    assert_eq!(bench.outcome(&token), Ok(()), "within the leeway");
    bench.clock.advance(seconds(LEEWAY.unsigned_abs()));
    assert_eq!(bench.outcome(&token), Err(Rejection::Expired), "from the cache too");
}

#[test]
fn a_token_that_was_altered_anywhere_is_refused() {
    let bench = bench();
    let token = bench.sign(&header(), &claims());
    for at in 0..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        assert!(bench.outcome(&altered).is_err(), "byte {at}");
    }
}

#[test]
fn encodings_that_are_not_canonical_are_refused() {
    let bench = bench();
    let token = bench.sign(&header(), &claims());
    for (name, odd) in [
        ("padded", format!("{token}=")),
        ("newline", format!("{token}\n")),
        ("leading space", format!(" {token}")),
        ("trailing dot", format!("{token}.")),
        ("four parts", format!("{token}.AAAA")),
        ("two parts", token.rsplit_once('.').unwrap().0.to_owned()),
        ("no signature", format!("{}.", token.rsplit_once('.').unwrap().0)),
        ("zero signature", format!("{}.{}", token.rsplit_once('.').unwrap().0, BASE64.encode([0; 64]))),
        ("empty", String::new()),
        ("longer than 4 KiB", format!("{token}{}", "A".repeat(4096))),
    ] {
        bench.refuses(name, &odd);
    }
}

#[test]
fn the_public_key_is_no_hmac_secret() {
    let bench = bench();
    let header = with(header(), "alg", json!("HS256"));
    let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims().to_string()));
    let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, bench.key.public_key().as_ref());
    let tag = aws_lc_rs::hmac::sign(&secret, signed.as_bytes());
    bench.refuses("HS256 with the public key", &format!("{signed}.{}", BASE64.encode(tag)));
}

#[test]
fn a_key_that_was_withdrawn_is_dead_at_once() {
    let bench = bench();
    let token = bench.sign(&header(), &claims());
    assert_eq!(bench.outcome(&token), Ok(()));
    let another = Ed25519KeyPair::generate().unwrap();
    bench.keys.replace(KeySet::new(&[jwk(another.public_key().as_ref())]).unwrap());
    bench.refuses("cached under the old keys", &token);
}

#[test]
fn without_any_key_no_token_is_called_invalid() {
    let bench = bench();
    bench.keys.replace(KeySet::default());
    assert_eq!(bench.outcome(&bench.sign(&header(), &claims())), Err(Rejection::NoKeys));
}

#[test]
fn keys_that_cannot_be_right_are_refused_as_a_set() {
    let good = bench().key.public_key().as_ref().to_vec();
    let hex = |digits: &str| -> Vec<u8> {
        (0..32).map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap()).collect()
    };
    let small_order = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ];
    for point in small_order {
        assert!(KeySet::new(&[jwk(&good), jwk(&hex(point))]).is_err(), "{point}");
    }
    assert!(KeySet::new(&[jwk(&good[..31])]).is_err(), "31 bytes");
    assert!(KeySet::new(&[Jwk { crv: "P-256".into(), ..jwk(&good) }]).is_err(), "another curve");
    assert!(KeySet::new(&[Jwk { use_: "enc".into(), ..jwk(&good) }]).is_err(), "for encryption");
    assert!(KeySet::new(&[Jwk { kid: String::new(), ..jwk(&good) }]).is_err(), "without a name");
}
