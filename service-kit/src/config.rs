//! From the environment and flags to a configuration, and from a bad one to one line and exit code 64.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::{postgres, serve, telemetry, token};

/// EX_USAGE of sysexits.h: the configuration is at fault, a restart will not help.
pub const EX_USAGE: u8 = 64;

/// Reads the configuration. `Err` is what the process must exit with: after `--help` or a complaint was printed.
pub fn parse<C: clap::Parser>() -> Result<C, ExitCode> {
    C::try_parse().map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // The reader may have gone, as `--help | head` does.
            drop(error.print());
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{}", one_line(&error.to_string()));
            ExitCode::from(EX_USAGE)
        }
    })
}

/// clap explains over several lines; operators read the last line of a log.
fn one_line(explanation: &str) -> String {
    let of_interest = |line: &&str| !line.is_empty() && !line.starts_with("For more information");
    let lines = explanation.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    lines.filter(of_interest).collect::<Vec<_>>().join(" ")
}

/// The settings that both services have.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Common {
    /// Where and how to serve
    #[command(flatten)]
    pub serve: serve::Settings,
    /// The database
    #[command(flatten)]
    pub database: postgres::Settings,
    /// What access tokens say
    #[command(flatten)]
    pub tokens: token::Settings,
    /// Logging
    #[command(flatten)]
    pub telemetry: telemetry::Settings,
    /// File with 64 hexadecimal digits: the service's own secret, from which it derives its keys; replicas share it
    #[arg(long, env = "KEY_FILE", help_heading = "Secrets")]
    pub key_file: PathBuf,
}

/// The settings of a command that works on the database and ends.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct OneOff {
    /// The database
    #[command(flatten)]
    pub database: postgres::Settings,
    /// Logging
    #[command(flatten)]
    pub telemetry: telemetry::Settings,
}
