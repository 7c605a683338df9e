//! A migrated database for each test, and users who call the services through access rules and tokens as on the wire.

pub(crate) mod auth;
pub(crate) mod database;
pub(crate) mod tokens;
pub(crate) mod watching;
pub(crate) mod world;

pub(crate) use self::world::World;
