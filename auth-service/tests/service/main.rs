//! The service on a real Postgres, through its generated clients, access rules and interceptor included: all but the
//! sockets.

mod admin;
mod administration;
mod audit;
mod bound;
mod constraints;
mod credentials;
mod devices;
mod events;
mod feed;
mod housekeeping;
mod introspection;
mod keys;
mod listing;
mod log_in;
mod log_out;
mod plan;
mod refresh;
mod register;
mod sightings;
mod system;
mod throttle;
mod throttle_cost;
mod users;
