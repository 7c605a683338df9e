//! What goes by mail, as its receiver lives it: real processes, letters read from their files, links and codes followed.

use std::path::Path;

use e2e::Client;
use e2e::client::PASSWORD;
use e2e::mailbox::Mailbox;
use e2e::process::Process;
use e2e::refusal::told;
use e2e::settings::Settings;
use e2e::system::{channel, key_file, migrated_database};
use local_postgres::{Cluster, Role};
use proto::auth::v1::{RequestPasswordResetRequest, ResetPasswordRequest, VerifyEmailRequest};
use rustix::process::Signal;
use tonic::Code;

const ALICE: &str = "alice@todo.local";
const VERIFY: &str = "Is this your address?";
const RESET: &str = "Choose a new password";
const NEW: &str = "a walk along the river";

/// A database of its own, and an auth-service with it in a process of its own.
struct Bench {
    database: String,
    settings: Settings,
    process: Process,
    mailbox: Mailbox,
}

async fn bench(files: &Path) -> Bench {
    let cluster = Cluster::throwaway().await.unwrap();
    let database = migrated_database(cluster).await.unwrap();
    let (key, mail) = (files.join("key"), files.join("mail"));
    key_file(&key).unwrap();
    let settings = Settings::of("auth-service", Role::AuthService, cluster, &database, &key).mail_into(&mail);
    let process = Process::serve("auth-service", &settings).await.unwrap();
    Bench { database, settings, process, mailbox: Mailbox::new(mail) }
}

async fn client(process: &Process) -> Client {
    let cluster = Cluster::throwaway().await.unwrap();
    let channel = channel(cluster.certificates(), process.address, "client");
    Client::new(channel.clone(), channel, None)
}

async fn verify(client: &mut Client, token: String) {
    client.auth.verify_email(VerifyEmailRequest { token }).await.unwrap();
}

async fn forget(client: &mut Client) {
    let request = RequestPasswordResetRequest { email: ALICE.to_owned() };
    client.auth.request_password_reset(request).await.unwrap();
}

#[tokio::test]
async fn a_user_proves_the_address_and_comes_back_by_it_without_the_password() {
    let files = tempfile::tempdir().unwrap();
    let Bench { process, mailbox, .. } = bench(files.path()).await;
    let mut client = client(&process).await;
    client.register_with("alice", ALICE).await.unwrap();
    let refused = client.log_in(ALICE, PASSWORD).await.unwrap_err();
    assert_eq!(told(&refused), (Code::Unauthenticated, "CREDENTIALS_INVALID".to_owned()));
    verify(&mut client, mailbox.token(ALICE, VERIFY).await).await;
    let session = client.log_in(ALICE, PASSWORD).await.unwrap();
    forget(&mut client).await;
    let token = mailbox.token(ALICE, RESET).await;
    let request = ResetPasswordRequest { token: token.clone(), new_password: NEW.to_owned() };
    client.auth.reset_password(request.clone()).await.unwrap();
    client.log_in(ALICE, NEW).await.unwrap();
    mailbox.letter(ALICE, "Your password was changed").await;
    client.refresh(&session.refresh_token).await.expect_err("the session from before has ended");
    let refused = client.auth.reset_password(request).await.unwrap_err();
    assert_eq!(told(&refused), (Code::Unauthenticated, "MAIL_TOKEN_INVALID".to_owned()));
}

#[tokio::test]
async fn mail_that_was_asked_for_survives_a_kill() {
    let files = tempfile::tempdir().unwrap();
    let Bench { database, settings, mut process, mailbox } = bench(files.path()).await;
    let mut before = client(&process).await;
    before.register_with("alice", ALICE).await.unwrap();
    verify(&mut before, mailbox.token(ALICE, VERIFY).await).await;
    // No mail can be written, so that it is there to survive.
    std::fs::remove_dir_all(files.path().join("mail")).unwrap();
    forget(&mut before).await;
    let mut admin = Cluster::throwaway().await.unwrap().admin(&database).await.unwrap();
    e2e::eventually("it was tried, and put off", async || {
        let tried =
            "SELECT EXISTS (SELECT FROM auth.outbox WHERE attempts = 1 AND due_at < created_at + interval '30 s')";
        sqlx::query_scalar(tried).fetch_one(&mut admin).await.unwrap()
    })
    .await;
    process.signal(Signal::KILL).unwrap();
    process.ended().await.unwrap();
    let process = Process::serve("auth-service", &settings).await.unwrap();
    let token = mailbox.token(ALICE, RESET).await;
    let request = ResetPasswordRequest { token, new_password: NEW.to_owned() };
    client(&process).await.auth.reset_password(request).await.unwrap();
}

#[tokio::test]
async fn two_replicas_deliver_a_mail_once() {
    let files = tempfile::tempdir().unwrap();
    let Bench { settings, process, mailbox, .. } = bench(files.path()).await;
    let _other = Process::serve("auth-service", &settings).await.unwrap();
    let mut client = client(&process).await;
    for number in 0..10 {
        client.register_with(&format!("user{number}"), &format!("user{number}@todo.local")).await.unwrap();
    }
    for number in 0..10 {
        verify(&mut client, mailbox.token(&format!("user{number}@todo.local"), VERIFY).await).await;
    }
    assert_eq!(std::fs::read_dir(files.path().join("mail")).unwrap().count(), 0, "nothing came twice");
}
