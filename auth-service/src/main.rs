//! The program: `serve`, `migrate`, `probe`, `admin`, `keys`, `consumers`.

use std::process::ExitCode;

use auth_service::config::{Admin, Cli, Command};
use auth_service::{bind, operator, store};
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::{config, postgres, process, serve, telemetry};

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
        Command::Keys(command) => operator::keys(&command).await,
        Command::Consumers(command) => operator::consumers(&command).await,
        Command::Admin(command) => {
            let (Admin::Create(settings) | Admin::ResetPassword(settings)) = &command;
            telemetry::start(&settings.environment.telemetry)?;
            operator::admin(&command, std::io::stdin().lock()).await
        }
    }
}
