//! The names of what the schema refuses, as [`service_kit::postgres::Error::Conflict`] gives them. All but a taken
//! username and a verified address are answered before Postgres is asked, so such a conflict is a fault of ours.

/// A user's id is unique.
pub const USERS_PKEY: &str = "users_pkey";
/// A username is unique without regard to case.
pub const USERS_USERNAME_KEY: &str = "users_username_key";
/// A verified email address belongs to one user, without regard to case.
pub const USERS_VERIFIED_EMAIL_KEY: &str = "users_verified_email_key";
/// A username is 3 to 32 of its characters.
pub const USERS_USERNAME_CHECK: &str = "users_username_check";
/// A display name has at most 100 code points.
pub const USERS_DISPLAY_NAME_CHECK: &str = "users_display_name_check";
/// An email address is printable ASCII with one `@`, at most 254 characters.
pub const USERS_EMAIL_CHECK: &str = "users_email_check";
/// Only an address can be verified.
pub const USERS_EMAIL_VERIFIED_CHECK: &str = "users_email_verified_check";
/// There is one role, `admin`.
pub const USERS_ROLES_CHECK: &str = "users_roles_check";
/// A user is active or disabled.
pub const USERS_STATE_CHECK: &str = "users_state_check";
/// A user's passwords are counted from 1.
pub const USERS_PASSWORD_REVISION_CHECK: &str = "users_password_revision_check";
/// A user's epoch counts up from 0.
pub const USERS_EPOCH_CHECK: &str = "users_epoch_check";
/// A user's revision counts up from 1.
pub const USERS_REVISION_CHECK: &str = "users_revision_check";
/// A session's id is unique.
pub const SESSIONS_PKEY: &str = "sessions_pkey";
/// A session's user exists.
pub const SESSIONS_USER_FKEY: &str = "sessions_user_fkey";
/// A device's name has at most 100 code points.
pub const SESSIONS_DEVICE_NAME_CHECK: &str = "sessions_device_name_check";
/// The latest token's hash has 32 bytes.
pub const SESSIONS_CURRENT_HASH_CHECK: &str = "sessions_current_hash_check";
/// The hash of the token before has 32 bytes.
pub const SESSIONS_PREVIOUS_HASH_CHECK: &str = "sessions_previous_hash_check";
/// A session's tokens are counted from 1.
pub const SESSIONS_COUNTER_CHECK: &str = "sessions_counter_check";
/// A session does not outlive its absolute end.
pub const SESSIONS_EXPIRY_CHECK: &str = "sessions_expiry_check";
/// A session ends for one of the known reasons.
pub const SESSIONS_END_REASON_CHECK: &str = "sessions_end_reason_check";
/// A session that has ended, and only that, has a reason for it.
pub const SESSIONS_END_CHECK: &str = "sessions_end_check";
/// A certificate's thumbprint has 32 bytes.
pub const SESSIONS_CERTIFICATE_CHECK: &str = "sessions_certificate_check";
/// A key's name is unique.
pub const SIGNING_KEYS_PKEY: &str = "signing_keys_pkey";
/// At most one key signs.
pub const SIGNING_KEYS_ACTIVE_KEY: &str = "signing_keys_active_key";
/// A key is pending, active or retired.
pub const SIGNING_KEYS_STATE_CHECK: &str = "signing_keys_state_check";
/// At most one key waits.
pub const SIGNING_KEYS_PENDING_KEY: &str = "signing_keys_pending_key";
/// A key that signs has begun to, and one that is retired has ceased to.
pub const SIGNING_KEYS_TIMES_CHECK: &str = "signing_keys_times_check";
/// A public key has 32 bytes.
pub const SIGNING_KEYS_PUBLIC_KEY_CHECK: &str = "signing_keys_public_key_check";
/// A subject's attempts are counted in one row.
pub const THROTTLES_PKEY: &str = "throttles_pkey";
/// A subject is a MAC of 32 bytes.
pub const THROTTLES_KEY_CHECK: &str = "throttles_key_check";
/// Failures are counted from 0.
pub const THROTTLES_FAILURES_CHECK: &str = "throttles_failures_check";
/// An event's id is unique.
pub const EVENTS_PKEY: &str = "events_pkey";
/// An event has a place of its own in the order of events.
pub const EVENTS_SEQ_KEY: &str = "events_seq_key";
/// An event is of a known kind.
pub const EVENTS_KIND_CHECK: &str = "events_kind_check";
/// What is said about an event has names.
pub const EVENTS_DETAILS_CHECK: &str = "events_details_check";
/// There is one feed.
pub const FEED_PKEY: &str = "feed_pkey";
/// There is no other feed.
pub const FEED_SINGLE_CHECK: &str = "feed_single_check";
/// Events are numbered from 1.
pub const FEED_HEAD_CHECK: &str = "feed_head_check";
/// A consumer's name is unique.
pub const CONSUMERS_PKEY: &str = "consumers_pkey";
/// A consumer begins before the first event.
pub const CONSUMERS_CURSOR_CHECK: &str = "consumers_cursor_check";
/// An errand's id is unique.
pub const OUTBOX_PKEY: &str = "outbox_pkey";
/// Attempts at an errand count up from 0.
pub const OUTBOX_ATTEMPTS_CHECK: &str = "outbox_attempts_check";
/// A user has one token of a purpose.
pub const MAIL_TOKENS_PKEY: &str = "mail_tokens_pkey";
/// A mailed token is somebody's alone.
pub const MAIL_TOKENS_HASH_KEY: &str = "mail_tokens_hash_key";
/// A mailed token's user exists.
pub const MAIL_TOKENS_USER_FKEY: &str = "mail_tokens_user_fkey";
/// A mailed token is for one of the known purposes.
pub const MAIL_TOKENS_PURPOSE_CHECK: &str = "mail_tokens_purpose_check";
/// A mailed token's hash has 32 bytes.
pub const MAIL_TOKENS_HASH_CHECK: &str = "mail_tokens_hash_check";
/// What mail is counted by has one count.
pub const MAIL_ALLOWANCES_PKEY: &str = "mail_allowances_pkey";
/// What mail is counted by has 32 bytes.
pub const MAIL_ALLOWANCES_KEY_CHECK: &str = "mail_allowances_key_check";
/// Mail is counted from 1.
pub const MAIL_ALLOWANCES_COUNT_CHECK: &str = "mail_allowances_count_check";
