//! Every command that a person types: `cargo xtask help`.

mod access_table;
mod check;
mod queries;
mod tour;
mod up;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start the whole system: Postgres, certificates, both services. Ctrl-C stops it
    Up {
        /// Added to each of the four ports, to run beside another system
        #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=10_000))]
        port_offset: u16,
    },
    /// Make the development certificates in certs/dev, or renew those that end soon
    Certs,
    /// Everything that CI checks before the tests
    Check {
        /// Fail when buf or cargo-deny is not installed, instead of saying so
        #[arg(long)]
        require_tools: bool,
    },
    /// Run the tours of README.md and docs/api.md against the system that is up, and compare what it answers
    Tour,
    /// Write docs/access.md, who may do what, from the contract
    AccessTable,
    /// Write .sqlx/, which lets the workspace build without a database
    Sqlx,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Up { port_offset } => up::run(port_offset).await,
        Task::Certs => certs(),
        Task::Check { require_tools } => check::run(require_tools).await,
        Task::AccessTable => access_table::write(),
        Task::Tour => tour::run(),
        Task::Sqlx => queries::write().await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn certs() -> anyhow::Result<()> {
    let outcome = certs::keep_fresh(&workspace::certificates())?;
    println!("certs/dev: {outcome}");
    Ok(())
}
