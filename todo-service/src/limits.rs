//! How many there may be.

/// Limits on what a user may have. The API documents the defaults.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Todos that a list may hold, deleted ones not counted
    #[arg(long, env = "TODOS_PER_LIST", default_value_t = 10_000)]
    pub todos_per_list: u32,
    /// Lists that a user may see, the inbox and those of others included
    #[arg(long, env = "LISTS_PER_USER", default_value_t = 500)]
    pub lists_per_user: u32,
    /// Members that a list may have, its owner included
    #[arg(long, env = "MEMBERS_PER_LIST", default_value_t = 50)]
    pub members_per_list: u32,
    /// Milliseconds that an import may wait for the next message of its client
    #[arg(long, env = "IMPORT_SILENCE_MS", default_value_t = 30_000)]
    pub import_silence_ms: u32,
}
