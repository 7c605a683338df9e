//! No password, token or key stands in any log, at any level: not in what this process logs, services and libraries
//! included, and not in what services write that are processes of their own. The guard that all tests run under looks for
//! it; here every rpc is called under it, and it is shown to look.

use std::process::Command;

use bytes::Bytes;
use e2e::scene::Scene;
use e2e::wire::{answer, methods};
use e2e::{System, eventually};
use tonic::Request;

/// Calls every rpc, with a valid request.
async fn call_everything(system: &System) {
    let scene = Box::pin(Scene::of(system)).await;
    for method in methods() {
        let answer = scene.send(&method, &scene.request(&method)).await;
        assert!(answer.is_ok(), "{}: {answer:?}", method.full_name());
    }
}

#[tokio::test]
async fn no_rpc_tells_this_process_a_secret() {
    log_guard::everything();
    let system = System::start().await;
    call_everything(&system).await;
    let told = log_guard::targets();
    for library in ["h2::", "log", "service_kit::", "sqlx::", "tonic::", "tower::"] {
        assert!(told.iter().any(|target| target.starts_with(library)), "{library} says nothing: {told:?}");
    }
}

#[tokio::test]
async fn no_rpc_tells_the_log_of_a_service_a_secret() {
    log_guard::everything();
    let system = System::processes("trace").await;
    call_everything(&system).await;
    for service in [system.auth, system.todo] {
        service.stop().await.unwrap();
    }
}

/// A call whose id services log, when the guard has been told that the id is a secret.
async fn leak(system: &System) {
    let id = "not-to-be-told-to-anybody";
    log_guard::plant(id);
    let mut request = Request::new(Bytes::new());
    request.metadata_mut().insert("x-request-id", id.parse().unwrap());
    let channel = system.channel(system.auth.address, "client");
    answer(channel, "/auth.v1.AuthService/GetJwks", request).await.unwrap();
    eventually("the guard ends this process", async || false).await;
}

#[tokio::test]
#[ignore = "runs in a process of its own"]
async fn leaks_to_this_process() {
    leak(&System::start().await).await;
}

#[tokio::test]
#[ignore = "runs in a process of its own"]
async fn leaks_to_the_log_of_a_service() {
    leak(&System::processes("info").await).await;
}

#[test]
fn what_a_service_tells_is_looked_at_wherever_it_runs() {
    for test in ["leaks_to_this_process", "leaks_to_the_log_of_a_service"] {
        let mut process = Command::new(std::env::current_exe().unwrap());
        let output = process.args(["--ignored", "--exact", test]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains("a planted secret stands in the log"), "{test}: {told}");
    }
}
