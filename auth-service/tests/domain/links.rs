use auth_service::mail::{LinkBase, MailToken};

#[test]
fn a_link_is_the_base_the_page_and_the_token_in_the_fragment() {
    let token = || MailToken::presented("T0ken".to_owned());
    for base in ["https://todo.example", "https://todo.example/"] {
        let base: LinkBase = base.parse().unwrap();
        assert_eq!(base.to("verify-email", &token()), "https://todo.example/verify-email#token=T0ken");
    }
    let base: LinkBase = "https://todo.example:8443/app/".parse().unwrap();
    assert_eq!(base.to("reset-password", &token()), "https://todo.example:8443/app/reset-password#token=T0ken");
}

#[test]
fn links_are_https_or_stay_on_this_machine() {
    for good in ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:80/x", "https://todo.example"] {
        assert!(good.parse::<LinkBase>().is_ok(), "{good}");
    }
    for bad in ["http://todo.example", "http://localhost.todo.example", "ftp://localhost", "todo.example", "", "//x"] {
        assert!(bad.parse::<LinkBase>().is_err(), "{bad}");
    }
}

#[test]
fn a_base_that_could_break_a_link_or_a_letter_is_refused() {
    let long = format!("https://todo.example/{}", "x".repeat(200));
    for bad in [
        "https://todo.example/?next=",
        "https://todo.example/#x",
        "https://user:password@todo.example",
        "https://todo.example/\"><b>",
        "https://todo.example/\r\nBcc: x",
        "https://todo.example/\u{fc}",
        &long,
    ] {
        assert!(bad.parse::<LinkBase>().is_err(), "{bad}");
    }
}
