use auth_service::session::DeviceName;
use auth_service::user::{DisplayName, Email, Identifier, Username};

#[test]
fn a_username_is_3_to_32_of_its_characters() {
    let longest = format!("A{}", "z".repeat(31));
    for good in ["abc", "A-1", "a__", longest.as_str()] {
        assert!(good.parse::<Username>().is_ok(), "{good}");
    }
    let too_long = format!("{longest}z");
    for bad in ["", "ab", too_long.as_str(), "1ab", "_ab", "-ab", "a b", "a.b", "ab\n", "añb", "a@b"] {
        assert!(bad.parse::<Username>().is_err(), "{bad}");
    }
}

#[test]
fn an_email_address_has_one_at_sign_between_others() {
    let longest = format!("a@{}", "b".repeat(252));
    for good in ["a@b", "a+b@example.com", "!#$%@[::1]", longest.as_str()] {
        assert!(good.parse::<Email>().is_ok(), "{good}");
    }
    let too_long = format!("{longest}b");
    for bad in ["", "@b", "a@", "abc", "a@b@c", "a b@c", "a@b\n", "ä@b", "a@b\u{7f}", too_long.as_str()] {
        assert!(bad.parse::<Email>().is_err(), "{bad}");
    }
}

#[test]
fn lines_are_at_most_100_code_points_without_control_characters() {
    let longest = "ü".repeat(100);
    for good in ["", "Ann", longest.as_str()] {
        assert!(good.parse::<DisplayName>().is_ok() && good.parse::<DeviceName>().is_ok(), "{good}");
    }
    let too_long = "ü".repeat(101);
    for bad in ["a\nb", "a\0", "\u{85}", too_long.as_str()] {
        assert!(bad.parse::<DisplayName>().is_err() && bad.parse::<DeviceName>().is_err(), "{bad}");
    }
}

#[test]
fn an_identifier_is_lowered_in_ascii_alone() {
    // U+212A, the Kelvin sign, is a "k" to Unicode's lower case, and would then log in as somebody else.
    let identifier: Identifier = "\u{212A}ATE@Example.COM".parse().unwrap();
    assert_eq!(identifier.as_str(), "\u{212A}ate@example.com");
}
