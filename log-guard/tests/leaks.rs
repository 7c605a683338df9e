//! What the guard finds, and what it does then.

use std::process::Command;

use log_guard::Secrets;

const PASSWORD: &str = "correct horse battery staple";

fn planted(secret: &str) -> Secrets {
    let mut secrets = Secrets::default();
    secrets.plant(secret);
    secrets
}

#[test]
fn a_secret_is_found_wherever_it_stands() {
    let secrets = planted(PASSWORD);
    for text in [PASSWORD.to_owned(), format!("LogIn {{ password: \"{PASSWORD}\" }}"), format!("{PASSWORD}\n")] {
        assert!(secrets.are_in(text.as_bytes()), "{text}");
    }
}

#[test]
fn half_of_a_secret_is_found() {
    for part in [&PASSWORD[..23], &PASSWORD[1..24], &PASSWORD[16..]] {
        assert!(planted(PASSWORD).are_in(part.as_bytes()), "{part}");
    }
}

#[test]
fn what_is_no_secret_is_not_found() {
    let secrets = planted(PASSWORD);
    for text in ["", "correct hor", "correct donkey battery", &PASSWORD.to_uppercase()] {
        assert!(!secrets.are_in(text.as_bytes()), "{text}");
    }
}

#[test]
fn of_a_jwt_the_signature_is_the_secret() {
    let secrets = planted("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlIG9mIGFsaWNl");
    assert!(!secrets.are_in(b"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbGljZSJ9."));
    assert!(secrets.are_in(b"token=c2lnbmF0dXJlIG9mIGFsaWNl"));
}

/// How a process of this test ends that runs one of those below.
fn outcome(test: &str) -> (bool, String) {
    let mut process = Command::new(std::env::current_exe().expect("this program"));
    let output = process.args(["--ignored", "--exact", test]).output().expect("a process");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_leak_ends_the_process_and_is_shown() {
    for leak in ["leaks_in_an_event", "leaks_in_a_span", "leaks_by_the_log_crate", "leaks_before_it_is_planted"] {
        let (succeeded, told) = outcome(leak);
        assert!(!succeeded && told.contains("a planted secret stands in the log") && told.contains("TRACE"), "{told}");
    }
}

#[test]
fn a_process_that_tells_no_secret_goes_on() {
    let (succeeded, told) = outcome("leaks_nothing");
    assert!(succeeded, "{told}");
}

#[test]
#[ignore = "runs in a process of its own"]
fn leaks_in_an_event() {
    log_guard::plant(PASSWORD);
    tracing::trace!(password = PASSWORD);
}

#[test]
#[ignore = "runs in a process of its own"]
fn leaks_in_a_span() {
    log_guard::plant(PASSWORD);
    drop(tracing::trace_span!("log in", password = PASSWORD));
}

#[test]
#[ignore = "runs in a process of its own"]
fn leaks_by_the_log_crate() {
    log_guard::plant(PASSWORD);
    log::trace!("{PASSWORD}");
}

#[test]
#[ignore = "runs in a process of its own"]
fn leaks_before_it_is_planted() {
    log_guard::plant("something else");
    tracing::trace!(issued = PASSWORD);
    tracing::trace!("the next line");
    log_guard::plant(PASSWORD);
}

#[test]
#[ignore = "runs in a process of its own"]
fn leaks_nothing() {
    log_guard::plant(PASSWORD);
    tracing::error!(password = "(redacted)");
    log::error!("nothing");
    assert_eq!(log_guard::targets(), ["leaks", "log"].into());
}
