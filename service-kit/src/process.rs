//! The life of a process: one runtime for what is not a worker, signals, an exit code.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Runs `work` to its end. A failure is one line on standard error and exit code 1.
pub fn run(work: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    let outcome = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Cancelled by the first SIGTERM or SIGINT: the service drains. The second ends the process at once, with exit code 130.
pub fn stop_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let first = stop.clone();
    tokio::spawn(async move {
        for last in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if last {
                tracing::error!("stopped at once, by a second signal");
                std::process::exit(130);
            }
            tracing::info!("stopping: calls in flight may finish");
            first.cancel();
        }
    });
    Ok(stop)
}
