use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use auth_service::mail::{Errand, Outbox};
use service_kit::postgres::Database;
use service_kit::secret::Secret;

use crate::mailbox::{FROM, LINKS};
use crate::plan::plan;
use crate::system::{System, registration};

/// Leaves an errand past the API.
async fn leave(system: &System, outbox: Outbox, errand: Errand) {
    let (database, now) = (Database::new(&system.settings), system.clock.now());
    let left = database.transaction(move |c| Box::pin(async move { outbox.leave(c, &errand, now).await }));
    left.await.unwrap();
}

/// Makes the mailbox a place that no mail can be put into, or a directory again.
fn block(system: &System, blocked: bool) {
    let path = system.mailbox.path();
    if blocked {
        std::fs::remove_dir(&path).unwrap();
        std::fs::write(&path, "").unwrap();
    } else {
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
    }
}

#[tokio::test]
async fn a_letter_says_the_same_in_text_and_in_html_with_a_link_from_the_settings() {
    let system = System::start().await;
    system.user("alice").await;
    let letter = system.letter().await;
    let link = format!("{}verify-email#token={}", LINKS, letter.token());
    assert!(letter.text.contains(&format!("\n{link}\n")), "{}", letter.text);
    assert!(letter.html.contains(&format!(r#"<a href="{link}">"#)), "{}", letter.html);
    for text in [&letter.text, &letter.html] {
        assert!(text.contains("Hello alice,") && !text.contains("{{"), "{text}");
    }
}

#[tokio::test]
async fn every_letter_is_whole() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    system.request_reset(&email).await;
    let session = system.log_in("alice").await.access_token;
    let mut letters = system.letters().await;
    system.reset(&letters[0].token(), "a battery of horses").await.unwrap();
    letters.extend(system.letters().await);
    let session =
        system.try_log_in("alice", "a battery of horses").await.map_or(session, |granted| granted.access_token);
    system.set_email(&session, "new@example.com").await.unwrap();
    letters.extend(system.letters().await);
    system.register(proto::auth::v1::RegisterRequest { email: email.clone(), ..registration("bob") }).await.unwrap();
    letters.extend(system.letters().await);
    assert_eq!(letters.len(), 5, "{letters:?}");
    for letter in letters {
        assert!(!letter.raw.contains("{{") && !letter.subject.is_empty(), "{}", letter.raw);
        assert_eq!(letter.header("From"), FROM);
        assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
        assert_eq!(letter.header("Message-ID"), format!("<{}@todo.example>", letter.id));
        assert_eq!(letter.header("Date"), "Thu, 01 Jan 2026 00:00:00 +0000");
    }
}

#[tokio::test]
async fn nothing_that_others_wrote_gets_into_a_letter_or_its_headers() {
    let system = System::start().await;
    let hostile = [
        ("eve1", "a@b\u{2028}.example", "Bcc: x@example.com"),
        ("eve2", "eve2@example.com", "<b>You won</b> https://evil.example {{token}}"),
        ("eve3", "<x@y>,<victim@example.com>", "x"),
        ("eve4", "\"a\"@b.example>,c", "x"),
        ("eve5", "a,b;c:d@example.com", "x"),
        ("eve6", "=?utf-8?q?x?=@example.com", "x"),
        ("eve7", "a..b@-.example", "x"),
    ];
    let mut taken = 0;
    for (username, email, display_name) in hostile {
        let request = proto::auth::v1::RegisterRequest {
            email: email.to_owned(),
            display_name: display_name.to_owned(),
            ..registration(username)
        };
        taken += usize::from(system.register(request).await.is_ok());
    }
    assert!(taken >= 4, "most are addresses as far as a pattern can tell");
    for letter in system.letters().await {
        assert!(hostile.iter().any(|(_, email, _)| letter.to == *email), "{}", letter.raw);
        for (_, _, display_name) in hostile.iter().filter(|(_, _, name)| name.len() > 1) {
            assert!(!letter.raw.contains(display_name), "{}", letter.raw);
        }
        assert!(!letter.raw.contains("victim@example.com"), "{}", letter.raw);
    }
    assert_eq!(system.waiting().await, 0, "what has no form for mail is given up, not tried for ever");
}

#[tokio::test]
async fn what_waits_is_sealed_and_no_token_waits() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    system.request_reset(&email).await;
    let row = "SELECT encode(sealed, 'escape') FROM auth.outbox";
    let row: String = sqlx::query_scalar(row).fetch_one(&mut system.sql().await).await.unwrap();
    assert!(!row.contains("alice") && !row.contains("example"), "{row}");
    let token = system.letter().await.token();
    let stored = "SELECT string_agg(to_jsonb(t)::text, ' ') FROM auth.mail_tokens t";
    let stored: String = sqlx::query_scalar(stored).fetch_one(&mut system.sql().await).await.unwrap();
    assert!(!stored.contains(&token), "{stored}");
    let allowance = "SELECT encode(key, 'escape') FROM auth.mail_allowances";
    let keys: Vec<String> = sqlx::query_scalar(allowance).fetch_all(&mut system.sql().await).await.unwrap();
    assert!(keys.iter().all(|key| !key.contains("alice")), "{keys:?}");
}

#[tokio::test]
async fn a_mail_that_was_delivered_is_not_delivered_again() {
    let system = System::start().await;
    system.user("alice").await;
    system.letter().await;
    system.clock.advance(Duration::from_hours(2));
    assert!(system.letters().await.is_empty());
}

#[tokio::test]
async fn several_postmen_share_the_work() {
    let system = System::start().await;
    for number in 0..20 {
        system.user(&format!("user{number}")).await;
    }
    let settings = || system.mailbox.settings();
    let postmen = [system.postman_with(settings()), system.postman_with(settings()), system.postman_with(settings())];
    let [one, two, three] = &postmen;
    let (one, two, three) = tokio::join!(one.deliver(), two.deliver(), three.deliver());
    assert_eq!((one + two + three, system.waiting().await), (20, 0));
    assert_eq!(system.letters().await.len(), 20);
}

#[tokio::test]
async fn an_errand_that_somebody_died_over_is_done_by_another() {
    let system = System::start().await;
    system.user("alice").await;
    let claimed = "UPDATE auth.outbox SET due_at = due_at + interval '2 minutes', attempts = 1";
    sqlx::query(claimed).execute(&mut system.sql().await).await.unwrap();
    assert!(system.letters().await.is_empty());
    system.clock.advance(Duration::from_mins(2));
    let token = system.letter().await.token();
    system.verify(&token).await.unwrap();
}

#[tokio::test]
async fn a_mail_waits_longer_after_each_failure_and_its_last_token_is_the_good_one() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    system.request_reset(&email).await;
    let postman = system.postman_with(system.mailbox.settings());
    block(&system, true);
    assert_eq!(postman.deliver().await, 1);
    for rest in [5, 10, 20, 40, 80] {
        system.clock.advance(Duration::from_millis(rest * 1_000 - 1));
        assert_eq!(postman.deliver().await, 0, "before {rest} s");
        system.clock.advance(Duration::from_millis(1));
        assert_eq!(postman.deliver().await, 1, "after {rest} s");
    }
    block(&system, false);
    system.clock.advance(Duration::from_secs(160));
    let token = system.letter().await.token();
    system.reset(&token, "a battery of horses").await.unwrap();
    let asked = "SELECT count(*) FROM auth.events WHERE kind = 'password_reset_requested'";
    let asked: i64 = sqlx::query_scalar(asked).fetch_one(&mut system.sql().await).await.unwrap();
    assert_eq!(asked, 1, "however often it was tried");
}

#[tokio::test]
async fn a_reset_that_is_out_of_time_is_given_up() {
    let system = System::start().await;
    let email = system.verified("alice").await;
    system.request_reset(&email).await;
    system.clock.advance(Duration::from_mins(10));
    assert!(system.letters().await.is_empty());
    assert_eq!(system.waiting().await, 0);
}

#[tokio::test]
async fn an_errand_under_another_key_waits_and_does_not_stand_in_the_way() {
    let system = System::start().await;
    let user = system.verified("alice").await;
    let other = Outbox::new(&Secret::from_hex(&"6".repeat(64)).unwrap(), system.entropy.clone()).unwrap();
    let id = "SELECT id FROM auth.users";
    let id = sqlx::query_scalar(id).fetch_one(&mut system.sql().await).await.unwrap();
    leave(&system, other, Errand::PasswordChanged { user: id }).await;
    leave(&system, system.outbox.clone(), Errand::PasswordChanged { user: id }).await;
    assert_eq!(system.letter().await.to, user);
    assert_eq!(system.waiting().await, 1);
    system.clock.advance(Duration::from_hours(24));
    system.letters().await;
    assert_eq!(system.waiting().await, 0);
}

#[tokio::test]
async fn who_is_gone_or_has_another_address_by_now_gets_no_mail() {
    let system = System::start().await;
    system.user("alice").await;
    sqlx::query("DELETE FROM auth.users").execute(&mut system.sql().await).await.unwrap();
    assert!(system.letters().await.is_empty());
    system.user("bob").await;
    sqlx::query("UPDATE auth.users SET email = 'new@example.com'").execute(&mut system.sql().await).await.unwrap();
    assert!(system.letters().await.is_empty());
    assert_eq!(system.waiting().await, 0);
}

#[tokio::test]
async fn a_letter_in_a_file_is_for_its_owners_eyes() {
    let system = System::start().await;
    system.user("alice").await;
    let postman = system.postman_with(system.mailbox.settings());
    postman.deliver().await;
    let files: Vec<_> = std::fs::read_dir(system.mailbox.path()).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(files[0].path().extension().is_some_and(|extension| extension == "eml"));
}

#[tokio::test]
async fn a_registration_that_fails_leaves_no_errand() {
    let system = System::start().await;
    system.user("alice").await;
    system.letters().await;
    system.register(registration("ALICE")).await.unwrap_err();
    assert_eq!(system.waiting().await, 0);
}

#[tokio::test]
async fn a_long_outbox_is_claimed_by_its_index() {
    let system = System::start().await;
    let mut sql = system.sql().await;
    let fill = "INSERT INTO auth.outbox (id, sealed, created_at, due_at, expires_at, attempts)
                SELECT gen_random_uuid(), '', now(), now() + n * interval '1 s', now(), 0 FROM generate_series(1, 20000) n";
    sqlx::query(fill).execute(&mut sql).await.unwrap();
    for statistics in ["RESET ALL", "ANALYZE auth.outbox"] {
        sqlx::raw_sql(statistics).execute(&mut sql).await.unwrap();
        let claim = include_str!("../../src/store/outbox/claim.sql");
        let (types, arguments) = ("timestamptz, timestamptz, bigint", "now() + interval '1 h', now(), 16");
        let plan = plan(&mut sql, claim, types, arguments).await;
        assert!(plan.contains("outbox_due_index") && !plan.contains("Seq Scan"), "{plan}");
    }
}
