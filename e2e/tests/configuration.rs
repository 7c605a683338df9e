//! The programs as an operator meets them: settings, help, administration.

use std::process::{Output, Stdio};

use clap::CommandFactory;
use e2e::System;
use e2e::process::command;
use e2e::settings::Settings;
use e2e::system::key_file;
use local_postgres::{Cluster, Role};
use tokio::io::AsyncWriteExt;

const SERVICES: [&str; 2] = ["auth-service", "todo-service"];

async fn run(service: &str, settings: &Settings, arguments: &[&str]) -> Output {
    command(service, settings).unwrap().args(arguments).output().await.unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A complaint of exactly one line.
#[track_caller]
fn one_line(output: &Output) -> String {
    let text = stderr(output);
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    text
}

#[tokio::test]
async fn a_bad_value_is_one_line_that_names_it_and_exit_code_64() {
    let bad = [
        ("LISTEN_ADDRESS", "nowhere"),
        ("WORKERS", "0"),
        ("MAX_STREAMS", "0"),
        ("DEADLINE_MAX_MS", "-1"),
        ("DATABASE_PORT", "70000"),
        ("DATABASE_CONNECTIONS", "many"),
        ("LOG_FORMAT", "xml"),
    ];
    for service in SERVICES {
        for (name, value) in bad {
            let output = run(service, &Settings::default().with(name, value), &["serve"]).await;
            let line = one_line(&output);
            assert_eq!(output.status.code(), Some(64), "{name}: {line}");
            let flag = format!("--{}", name.to_lowercase().replace('_', "-"));
            assert!(line.contains(&flag) && line.contains(value), "{name}: {line}");
        }
    }
}

#[tokio::test]
async fn help_whose_reader_has_gone_is_no_fault() {
    for service in SERVICES {
        let mut command = command(service, &Settings::default()).unwrap();
        let mut child =
            command.args(["serve", "--help"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().await.unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    }
}

#[tokio::test]
async fn a_missing_setting_is_one_line_that_names_it_and_exit_code_64() {
    for service in SERVICES {
        let output = run(service, &Settings::default(), &["serve"]).await;
        let line = one_line(&output);
        assert_eq!(output.status.code(), Some(64));
        for flag in ["--tls-certificate", "--tls-key", "--tls-client-ca", "--key-file", "--database-ca"] {
            assert!(line.contains(flag), "{line}");
        }
    }
}

#[tokio::test]
async fn mail_that_cannot_go_exactly_one_way_is_refused_in_one_line_and_exit_code_64() {
    let cluster = Cluster::throwaway().await.unwrap();
    let files = tempfile::tempdir().unwrap();
    let bare = Settings::of("auth-service", Role::AuthService, cluster, "todo", &files.path().join("key"));
    let good = bare.clone().mail_into(files.path());
    let bad = [
        (bare, "--mail-directory"),
        (good.clone().with("SMTP_HOST", "localhost"), "--smtp-host"),
        (good.clone().with("MAIL_FROM", "nobody"), "--mail-from"),
        (good.clone().with("MAIL_LINK_BASE", "http://todo.local"), "--mail-link-base"),
        (good.clone().with("MAIL_LINK_BASE", "https://todo.local/?to=anywhere"), "--mail-link-base"),
        (good.clone().with("SMTP_USERNAME", "todo"), "--smtp-password-file"),
        (good.with("SMTP_TLS", "none"), "--smtp-tls"),
    ];
    for (settings, flag) in bad {
        let output = run("auth-service", &settings, &["serve"]).await;
        let line = one_line(&output);
        assert_eq!(output.status.code(), Some(64), "{line}");
        assert!(line.contains(flag), "{flag}: {line}");
    }
}

#[test]
fn every_setting_is_documented_and_has_a_variable_named_as_its_flag() {
    for program in [auth_service::config::Cli::command(), todo_service::config::Cli::command()] {
        let serve = program.find_subcommand("serve").unwrap();
        for setting in
            serve.get_arguments().filter(|argument| !["help", "version"].contains(&argument.get_id().as_str()))
        {
            let id = setting.get_id().as_str();
            assert!(setting.get_help().is_some_and(|help| !help.to_string().is_empty()), "{id} says nothing");
            let variable = setting.get_env().unwrap_or_else(|| panic!("{id} has no variable"));
            assert_eq!(variable.to_str().unwrap(), id.to_uppercase());
        }
    }
}

#[tokio::test]
async fn a_key_file_that_others_may_read_or_that_is_no_key_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let cluster = Cluster::throwaway().await.unwrap();
    let files = tempfile::tempdir().unwrap();
    let (exposed, short) = (files.path().join("exposed"), files.path().join("short"));
    key_file(&exposed).unwrap();
    std::fs::set_permissions(&exposed, std::fs::Permissions::from_mode(0o644)).unwrap();
    certs::write_private(&short, b"0123").unwrap();
    for (file, complaint) in
        [(&exposed, "chmod 600"), (&short, "64 hexadecimal digits"), (&files.path().join("none"), "cannot read")]
    {
        let settings = Settings::of("todo-service", Role::TodoService, cluster, "todo", file);
        let output = run("todo-service", &settings, &["serve"]).await;
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(complaint), "{}", stderr(&output));
    }
}

#[tokio::test]
async fn migrate_makes_the_schema_and_a_second_run_changes_nothing() {
    let cluster = Cluster::throwaway().await.unwrap();
    let database = cluster.create_database(None).await.unwrap().name;
    for (service, role) in [("auth-service", Role::AuthMigrator), ("todo-service", Role::TodoMigrator)] {
        let settings = Settings::default().database(role, cluster, &database);
        for _ in 0..2 {
            let output = run(service, &settings, &["migrate"]).await;
            assert!(output.status.success(), "{}", stderr(&output));
        }
    }
    let mut admin = cluster.admin(&database).await.unwrap();
    for table in ["auth.users", "todo.todos"] {
        let there: bool =
            sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table).fetch_one(&mut admin).await.unwrap();
        assert!(there, "{table}");
    }
}

#[tokio::test]
async fn the_first_admin_is_made_on_the_command_line_and_gets_another_password_there() {
    let cluster = Cluster::throwaway().await.unwrap();
    let system = System::start().await;
    let files = tempfile::tempdir().unwrap();
    let secret = files.path().join("auth.key");
    key_file(&secret).unwrap();
    let settings = Settings::default().database(Role::AuthService, cluster, &system.database);
    let settings = settings.with("KEY_FILE", secret.display().to_string());
    let admin = async |what: &str, password: &str| {
        let mut command = command("auth-service", &settings).unwrap();
        command.args(["admin", what, "root"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).await.unwrap();
        child.wait_with_output().await.unwrap()
    };
    let short = admin("create", "too short").await;
    assert!(!short.status.success() && stderr(&short).contains("password must be 15 to 128"), "{}", stderr(&short));
    let made = admin("create", "a password of the operator").await;
    assert!(made.status.success(), "{}", stderr(&made));
    let again = admin("create", "another password of another one").await;
    assert!(!again.status.success() && stderr(&again).contains("taken"), "{}", stderr(&again));
    let user = system.anonymous().log_in("root", "a password of the operator").await.unwrap().user.unwrap();
    assert_eq!(user.roles, [proto::auth::v1::Role::Admin as i32]);
    let reset = admin("reset-password", "what the operator says now").await;
    assert!(reset.status.success(), "{}", stderr(&reset));
    assert!(system.anonymous().log_in("root", "a password of the operator").await.is_err());
    assert!(system.anonymous().log_in("root", "what the operator says now").await.is_ok());
}

#[tokio::test]
async fn probe_succeeds_only_while_the_service_is_ready() {
    let system = System::start().await;
    for (service, address) in [("auth-service", system.auth.probes), ("todo-service", system.todo.probes)] {
        let there = Settings::default().with("PROBE_ADDRESS", address.to_string());
        e2e::eventually("it is ready", async || run(service, &there, &["probe"]).await.status.success()).await;
        let nowhere = Settings::default().with("PROBE_ADDRESS", "127.0.0.1:1");
        assert_eq!(run(service, &nowhere, &["probe"]).await.status.code(), Some(1));
    }
}
