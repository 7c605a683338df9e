//! The parts that need no database.

mod addresses;
mod links;
mod passwords;
mod refresh_model;
mod refresh_tokens;
mod rotation;
mod strength;
mod words;
