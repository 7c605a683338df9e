//! The constraints that can refuse a row of ours, by the names that the migrations give them.

/// Usernames are unique without regard to case.
pub const USERNAME: &str = "users_username_key";
/// A verified email address belongs to one user, without regard to case.
pub const VERIFIED_EMAIL: &str = "users_verified_email_key";
/// At most one key signs.
pub const ACTIVE_KEY: &str = "signing_keys_active_key";
