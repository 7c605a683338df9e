use auth_service::session::RefreshTokens;
use proptest::prelude::*;
use service_kit::secret::Secret;
use uuid::Uuid;

const SESSION: Uuid = Uuid::from_u128(7);

fn tokens(digit: &str) -> RefreshTokens {
    RefreshTokens::new(&Secret::from_hex(&digit.repeat(64)).unwrap())
}

#[test]
fn a_token_names_its_session() {
    let token = tokens("a").mint(SESSION, 1);
    let presented = tokens("a").recognise(token.reveal()).unwrap();
    assert_eq!((presented.session, presented.fingerprint), (SESSION, token.fingerprint()));
}

#[test]
fn a_successor_can_be_made_again() {
    assert_eq!(tokens("a").mint(SESSION, 2), tokens("a").mint(SESSION, 2));
}

#[test]
fn sessions_counters_and_secrets_all_change_a_token() {
    let token = tokens("a").mint(SESSION, 1);
    assert_ne!(token, tokens("a").mint(SESSION, 2));
    assert_ne!(token, tokens("a").mint(Uuid::from_u128(8), 1));
    assert_ne!(token, tokens("b").mint(SESSION, 1));
}

#[test]
fn a_token_made_under_another_secret_is_not_recognised() {
    let token = tokens("a").mint(SESSION, 1);
    assert!(tokens("b").recognise(token.reveal()).is_none());
}

#[test]
fn a_token_with_any_character_changed_is_not_recognised() {
    let tokens = tokens("a");
    let token = tokens.mint(SESSION, 1).reveal().to_owned();
    for at in 0..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        assert!(tokens.recognise(&String::from_utf8(altered).unwrap()).is_none(), "character {at}");
    }
    assert!(tokens.recognise(&format!("{token}=")).is_none());
    assert!(tokens.recognise(&format!("{token}A")).is_none());
    assert!(tokens.recognise(&token[1..]).is_none());
}

proptest! {
    #[test]
    fn no_other_text_is_recognised(text in any::<String>()) {
        prop_assert!(tokens("a").recognise(&text).is_none());
    }
}

#[test]
fn a_token_is_never_printed() {
    let token = tokens("a").mint(SESSION, 1);
    assert_eq!(format!("{token:?}"), "RefreshToken(..)");
}
