//! Everything that can be set, by flag or environment. `--help` is the reference of it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use service_kit::config::{Common, OneOff};
use service_kit::serve::ProbeSettings;

use crate::{access_token, addresses, housekeeping, mail, password, signing_key};

/// Owns users, sessions and keys; issues and verifies access tokens.
#[derive(Parser)]
#[command(name = "auth-service", version)]
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
    #[command(mut_arg("database_role", |arg| arg.required(false).default_value("auth_migrator")))]
    Migrate(OneOff),
    /// Exit with 0 if the service on this machine is ready: for container health checks
    #[command(mut_arg("probe_address", |arg| arg.required(false).default_value("127.0.0.1:9051")))]
    Probe(ProbeSettings),
    /// Administer users without the API
    #[command(subcommand)]
    Admin(Admin),
    /// List and exchange the keys that sign access tokens, while the service runs
    #[command(subcommand)]
    Keys(Keys),
    /// List and forget the services that follow the feed of security events
    #[command(subcommand)]
    Consumers(Consumers),
}

/// Settings of `serve`.
#[derive(Clone, Debug, Args)]
#[group(skip)]
#[command(
    mut_arg("listen_address", |arg| arg.required(false).default_value("127.0.0.1:50051")),
    mut_arg("probe_address", |arg| arg.required(false).default_value("127.0.0.1:9051")),
    mut_arg("database_role", |arg| arg.required(false).default_value("auth_service"))
)]
pub struct Config {
    /// What every service has
    #[command(flatten)]
    pub common: Common,
    /// How access tokens are made
    #[command(flatten)]
    pub access_tokens: access_token::Settings,
    /// How their keys are exchanged
    #[command(flatten)]
    pub signing_keys: signing_key::Settings,
    /// How passwords are hashed
    #[command(flatten)]
    pub passwords: password::Settings,
    /// How long things are kept
    #[command(flatten)]
    pub housekeeping: housekeeping::Settings,
    /// How often one address may try
    #[command(flatten)]
    pub addresses: addresses::Settings,
    /// How mail is written and sent
    #[command(flatten)]
    pub mail: mail::Settings,
}

/// What can be administered.
#[derive(Subcommand)]
pub enum Admin {
    /// Make a user with the role of an admin; the password is read from standard input, one line
    #[command(mut_arg("database_role", |arg| arg.required(false).default_value("auth_service")))]
    Create(OfUser),
    /// Give a user another password, read from standard input, one line; ends all their sessions
    #[command(mut_arg("database_role", |arg| arg.required(false).default_value("auth_service")))]
    ResetPassword(OfUser),
}

/// Settings of a command about a user.
#[derive(Clone, Debug, Args)]
#[group(skip)]
pub struct OfUser {
    /// Name of the user
    pub username: String,
    /// File with the service's secret
    #[arg(long, env = "KEY_FILE")]
    pub key_file: PathBuf,
    /// The database and logging
    #[command(flatten)]
    pub environment: OneOff,
    /// How passwords are hashed
    #[command(flatten)]
    pub passwords: password::Settings,
}

/// What can be done to the keys.
#[derive(Subcommand)]
pub enum Keys {
    /// Print every key: its name, whether it is pending (published), active (signing) or retired (published), and since when
    #[command(mut_arg("database_role", |arg| arg.required(false).default_value("auth_service")))]
    List(KeySettings),
    /// Publish the next key now; it signs in place of the present one after SIGNING_KEY_LEAD_SECONDS
    #[command(mut_arg("database_role", |arg| arg.required(false).default_value("auth_service")))]
    Rotate(KeySettings),
    /// Forget a key at once: every token that it signed is refused, and another key signs from now on
    #[command(mut_arg("database_role", |arg| arg.required(false).default_value("auth_service")))]
    Revoke {
        /// Name of the key
        kid: String,
        /// Where the keys are
        #[command(flatten)]
        settings: KeySettings,
    },
}

/// Settings of `keys`.
#[derive(Clone, Debug, Args)]
#[group(skip)]
pub struct KeySettings {
    /// The database and logging
    #[command(flatten)]
    pub environment: OneOff,
    /// File with 64 hexadecimal digits: the service's own secret, under which the keys are sealed
    #[arg(long, env = "KEY_FILE", help_heading = "Secrets")]
    pub key_file: PathBuf,
    /// How access tokens are made
    #[command(flatten)]
    pub access_tokens: access_token::Settings,
    /// How their keys are exchanged
    #[command(flatten)]
    pub signing_keys: signing_key::Settings,
}

/// What can be done to consumers.
#[derive(Subcommand)]
pub enum Consumers {
    /// Print every consumer, how many events it has acted on, and when it last said so
    #[command(mut_arg("database_role", |arg| arg.required(false).default_value("auth_service")))]
    List(OneOff),
    /// Forget a consumer that is gone for good: the deletions of users no longer wait for it
    #[command(mut_arg("database_role", |arg| arg.required(false).default_value("auth_service")))]
    Forget {
        /// Name of the consumer
        name: String,
        /// The database and logging
        #[command(flatten)]
        environment: OneOff,
    },
}
