//! The program: `serve`, `migrate`, `probe`.

use std::process::ExitCode;

use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::{config, postgres, process, serve, telemetry};
use todo_service::config::{Cli, Command};
use todo_service::{bind, store};

fn main() -> ExitCode {
    match config::parse::<Cli>() {
        Ok(cli) => process::run(run(cli.command)),
        Err(exit) => exit,
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(config) => {
            telemetry::start(&config.common.telemetry)?;
            let stop = process::stop_signal()?;
            bind(*config, Clock::system(), Entropy::system()).await?.run(stop).await
        }
        Command::Migrate(settings) => {
            telemetry::start(&settings.telemetry)?;
            postgres::migrate(&settings.database, &store::MIGRATOR).await
        }
        Command::Probe(settings) => serve::probe(&settings).await,
    }
}
