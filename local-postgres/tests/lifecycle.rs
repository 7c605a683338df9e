//! Starting, stopping and killing a server.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use local_postgres::{Cluster, Leash, Tether};
use sqlx::Connection as _;
use tokio::time::timeout;

async fn note(cluster: &Cluster, text: &str) {
    let mut admin = cluster.admin("todo").await.unwrap();
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS notes (note text)").execute(&mut admin).await.unwrap();
    sqlx::query("INSERT INTO notes VALUES ($1)").bind(text).execute(&mut admin).await.unwrap();
}

async fn notes(cluster: &Cluster) -> Vec<String> {
    let mut admin = cluster.admin("todo").await.unwrap();
    sqlx::query_scalar("SELECT note FROM notes").fetch_all(&mut admin).await.unwrap()
}

#[tokio::test]
async fn a_server_comes_back_on_its_port_with_its_data_however_it_ended() {
    let cluster = Cluster::private().await.unwrap();
    let port = cluster.port();
    note(&cluster, "one").await;
    cluster.stop().await.unwrap();
    assert!(cluster.admin("todo").await.is_err());
    cluster.start().await.unwrap();
    note(&cluster, "two").await;
    cluster.stop_immediate().await.unwrap();
    cluster.start().await.unwrap();
    note(&cluster, "three").await;
    cluster.kill_hard().await.unwrap();
    cluster.start().await.unwrap();
    assert_eq!(notes(&cluster).await, ["one", "two", "three"]);
    assert_eq!(cluster.port(), port);
}

#[tokio::test]
async fn a_paused_server_keeps_its_connections_and_does_not_answer() {
    let cluster = Cluster::private().await.unwrap();
    let mut admin = cluster.admin("todo").await.unwrap();
    cluster.pause().unwrap();
    assert!(timeout(Duration::from_millis(200), admin.ping()).await.is_err());
    cluster.resume().unwrap();
    let mut admin = cluster.admin("todo").await.unwrap();
    admin.ping().await.unwrap();
}

#[tokio::test]
async fn a_persistent_cluster_keeps_its_data_and_is_used_by_one_process_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let certificates = directory.path().join("certificates");
    certs::keep_fresh(&certificates).unwrap();
    let home = directory.path().join("postgres");

    let cluster = Cluster::persistent(&home, &certificates).await.unwrap();
    note(&cluster, "kept").await;
    let second = Cluster::persistent(&home, &certificates).await;
    assert!(second.is_err_and(|error| error.to_string().contains("in use")));
    // Dropped without a word, as after a crash: its server is still stopping when the next starts.
    drop(cluster);
    let cluster = Cluster::persistent(&home, &certificates).await.unwrap();
    assert_eq!(notes(&cluster).await, ["kept"]);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn databases_are_copies_of_their_template() {
    let cluster = Cluster::throwaway().await.unwrap();
    let template = cluster.create_database(None).await.unwrap();
    let mut admin = cluster.admin(&template.name).await.unwrap();
    sqlx::raw_sql("CREATE TABLE todo.made ()").execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
    let copy = cluster.create_database(Some(&template.name)).await.unwrap();
    let mut admin = cluster.admin(&copy.name).await.unwrap();
    sqlx::raw_sql("SELECT FROM todo.made").execute(&mut admin).await.unwrap();
}

#[test]
fn a_leashed_command_says_how_it_ended() {
    let mut leash = Leash::spawn(Command::new("sh").args(["-c", "exit 3"]), &tether()).unwrap();
    assert_eq!(leash.wait().unwrap().code(), Some(3));
}

#[test]
fn a_leashed_command_is_terminated_when_it_is_let_go() {
    let leash = Leash::spawn(Command::new("sleep").arg("1000"), &tether()).unwrap();
    let sigterm = 128 + 15;
    assert_eq!(leash.stop().unwrap().code(), Some(sigterm));
}

#[test]
fn a_command_that_ignores_the_first_signal_gets_the_next() {
    let deaf = "trap '' TERM; echo ready; while :; do sleep 1; done";
    let mut leash = Leash::spawn(Command::new("sh").args(["-c", deaf]), &tether()).unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut leash.output().unwrap(), &mut line).unwrap();
    assert_eq!(line, "ready\n");
    let sigkill = 128 + 9;
    assert_eq!(leash.stop().unwrap().code(), Some(sigkill));
}

fn tether() -> Tether<'static> {
    Tether::terminate(Duration::from_secs(1))
}

/// Runs a test of this file in a process of its own, which says where its server is and waits.
#[tokio::test]
async fn a_server_ends_with_a_process_that_is_killed() {
    if std::env::var_os(CHILD).is_some() {
        let cluster = Cluster::private().await.unwrap();
        let home = cluster.certificates().parent().unwrap();
        println!("\nhome {}", home.display());
        std::future::pending::<()>().await;
    }
    let itself = std::env::current_exe().unwrap();
    let mut child = Command::new(itself)
        .args(["--exact", "a_server_ends_with_a_process_that_is_killed", "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let home = lines.find_map(|line| line.unwrap().strip_prefix("home ").map(str::to_owned)).unwrap();
    let home = Path::new(&home);
    assert!(home.join("data/postmaster.pid").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let gone = async {
        while home.exists() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), gone).await.expect("the server's files are still there");
}

const CHILD: &str = "LOCAL_POSTGRES_TEST_CHILD";
