//! Everything that can be set, by flag or environment. `--help` is the reference of it.

use clap::{Args, Parser, Subcommand};
use http::Uri;
use service_kit::config::{Common, OneOff};
use service_kit::serve::ProbeSettings;

use crate::limits::Limits;
use crate::watch;

/// Owns lists and todos; checks access tokens from memory.
#[derive(Parser)]
#[command(name = "todo-service", version)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Subcommand)]
pub enum Command {
    /// Serve the API until SIGTERM or SIGINT
    Serve(Box<Config>),
    /// Bring the database schema up to date, as the migration role
    #[command(mut_arg("database_role", |arg| arg.required(false).default_value("todo_migrator")))]
    Migrate(OneOff),
    /// Exit with 0 if the service on this machine is ready: for container health checks
    #[command(mut_arg("probe_address", |arg| arg.required(false).default_value("127.0.0.1:9052")))]
    Probe(ProbeSettings),
}

/// Settings of `serve`.
#[derive(Clone, Debug, Args)]
#[group(skip)]
#[command(
    mut_arg("listen_address", |arg| arg.required(false).default_value("127.0.0.1:50052")),
    mut_arg("probe_address", |arg| arg.required(false).default_value("127.0.0.1:9052")),
    mut_arg("database_role", |arg| arg.required(false).default_value("todo_service"))
)]
pub struct Config {
    /// What every service has
    #[command(flatten)]
    pub common: Common,
    /// Where auth-service is
    #[command(flatten)]
    pub auth: Auth,
    /// How many there may be
    #[command(flatten)]
    pub limits: Limits,
    /// How watches are kept
    #[command(flatten)]
    pub watches: watch::Settings,
}

/// Where auth-service is.
#[derive(Clone, Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "auth-service")]
pub struct Auth {
    /// Addresses of the replicas of auth-service, separated by commas: one is followed, the next when it fails
    #[arg(long, env = "AUTH_ADDRESS", default_value = "https://127.0.0.1:50051", value_delimiter = ',')]
    pub auth_address: Vec<Uri>,
    /// DNS name that auth-service's certificate must carry
    #[arg(long, env = "AUTH_NAME", default_value = "auth-service")]
    pub auth_name: String,
}
