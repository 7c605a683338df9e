//! A service as a process of its own, for what happens to processes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::settings::Settings;

/// A running process; killed when dropped.
pub struct Process {
    /// Where it serves gRPC.
    pub address: SocketAddr,
    /// Where its probes are.
    pub probes: SocketAddr,
    child: Child,
    /// Reads its log to the end, and looks for secrets in it.
    log: tokio::task::JoinHandle<()>,
}

impl Process {
    /// Starts `service serve` and waits until it serves.
    pub async fn serve(service: &str, settings: &Settings) -> anyhow::Result<Self> {
        let mut child = command(service, settings)?.arg("serve").stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
        let stderr = child.stderr.take().context("no standard error")?;
        let mut lines = BufReader::new(stderr).lines();
        let (address, probes) = serving(&mut lines).await?;
        let log = tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                log_guard::inspect(line.as_bytes());
            }
        });
        Ok(Self { address, probes, child, log })
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).context("it has ended")?;
        Ok(kill_process(pid, signal)?)
    }

    /// The most memory that it has had in RAM so far, in KiB; `None` where the system does not say.
    #[must_use]
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        peak.trim().strip_suffix(" kB")?.parse().ok()
    }

    /// Waits until it has ended and said all that it had to say.
    pub async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        let status = self.child.wait().await?;
        (&mut self.log).await?;
        Ok(status)
    }
}

/// A command of a service's own program, with nothing in its environment but the settings.
pub fn command(service: &str, settings: &Settings) -> anyhow::Result<Command> {
    let mut command = Command::new(program(service)?);
    command.env_clear().env("LOG_FORMAT", "json").envs(settings.variables());
    Ok(command)
}

/// The address that the log line `serving` gives.
async fn serving(lines: &mut Lines<BufReader<ChildStderr>>) -> anyhow::Result<(SocketAddr, SocketAddr)> {
    let mut log = String::new();
    while let Some(line) = lines.next_line().await? {
        log_guard::inspect(line.as_bytes());
        let entry: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if entry["message"] == "serving" {
            let address = |name: &str| anyhow::Ok(entry[name].as_str().context("no address")?.parse()?);
            return Ok((address("grpc")?, address("probes")?));
        }
        log.push_str(&line);
        log.push('\n');
    }
    anyhow::bail!("it ended before it served:\n{log}")
}

/// The path of a service's program, built once for the tests of this process.
fn program(service: &str) -> anyhow::Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}"))).clone();
    Ok(folder.map_err(anyhow::Error::msg)?.join(service))
}

/// `cargo build` of both programs, in the profile and target directory of this test.
fn build() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test.ancestors().nth(2).context("the test has no target directory")?.to_owned();
    let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "auth-service", "--package", "todo-service", "--bins"]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    anyhow::ensure!(cargo.status()?.success(), "the services do not build");
    Ok(folder)
}
