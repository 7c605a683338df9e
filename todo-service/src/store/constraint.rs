//! The names of what the schema refuses, as [`service_kit::postgres::Error::Conflict`] gives them. The functions answer
//! each before Postgres would, so a conflict is a fault of ours.

/// A list's id is unique.
pub const LISTS_PKEY: &str = "lists_pkey";
/// A list's name has 1 to 200 code points.
pub const LISTS_DISPLAY_NAME_LENGTH: &str = "lists_display_name_length";
/// A fingerprint has 32 bytes.
pub const LISTS_REQUEST_HASH_LENGTH: &str = "lists_request_hash_length";
/// A list's revision counts up from 0.
pub const LISTS_REVISION_RANGE: &str = "lists_revision_range";
/// A list does not hold fewer than no todos.
pub const LISTS_LIVE_COUNT_RANGE: &str = "lists_live_count_range";
/// Inboxes, and only they, have ids of version 8.
pub const LISTS_INBOX_VERSION: &str = "lists_inbox_version";
/// A user has one inbox.
pub const LISTS_ONE_INBOX_AN_OWNER: &str = "lists_one_inbox_an_owner";
/// A list's own last change is one of its changes.
pub const LISTS_OWN_REVISION_RANGE: &str = "lists_own_revision_range";
/// What was purged of a list are some of its changes.
pub const LISTS_PURGED_REVISION_RANGE: &str = "lists_purged_revision_range";
/// A list has a member.
pub const LISTS_MEMBER_COUNT_RANGE: &str = "lists_member_count_range";
/// A deleted list, and only that, has a time to be purged.
pub const LISTS_PURGE_TIME_OF_DELETED: &str = "lists_purge_time_of_deleted";
/// An inbox is not deleted.
pub const LISTS_INBOX_STAYS: &str = "lists_inbox_stays";
/// A user is a member of a list once.
pub const LIST_MEMBERS_PKEY: &str = "list_members_pkey";
/// A member's list exists.
pub const LIST_MEMBERS_LIST_ID_FKEY: &str = "list_members_list_id_fkey";
/// A member is owner, editor or viewer.
pub const LIST_MEMBERS_ROLE_KNOWN: &str = "list_members_role_known";
/// A list has one owner.
pub const LIST_MEMBERS_ONE_OWNER: &str = "list_members_one_owner";
/// A user comes back to a list once.
pub const SUSPENDED_MEMBERS_PKEY: &str = "suspended_members_pkey";
/// The list that a user comes back with exists.
pub const SUSPENDED_MEMBERS_LIST_ID_FKEY: &str = "suspended_members_list_id_fkey";
/// Whoever comes back is owner, editor or viewer.
pub const SUSPENDED_MEMBERS_ROLE_KNOWN: &str = "suspended_members_role_known";
/// A todo's id is unique in its list.
pub const TODOS_PKEY: &str = "todos_pkey";
/// No revision of a list is given out twice.
pub const TODOS_LIST_ID_REVISION_KEY: &str = "todos_list_id_revision_key";
/// A todo's list exists.
pub const TODOS_LIST_ID_FKEY: &str = "todos_list_id_fkey";
/// A title has 1 to 500 code points.
pub const TODOS_TITLE_LENGTH: &str = "todos_title_length";
/// Notes have at most 10,000 code points.
pub const TODOS_NOTES_LENGTH: &str = "todos_notes_length";
/// A todo is open or completed.
pub const TODOS_STATE_KNOWN: &str = "todos_state_known";
/// A completed todo, and only that, has the time of it.
pub const TODOS_COMPLETE_TIME_OF_COMPLETED: &str = "todos_complete_time_of_completed";
/// A deleted todo, and only that, has a time to be purged.
pub const TODOS_PURGE_TIME_OF_DELETED: &str = "todos_purge_time_of_deleted";
/// A todo's revision counts up from 1.
pub const TODOS_REVISION_RANGE: &str = "todos_revision_range";
/// A fingerprint has 32 bytes.
pub const TODOS_REQUEST_HASH_LENGTH: &str = "todos_request_hash_length";
/// A caller's request id makes one todo in a list.
pub const TODOS_ONE_OF_EACH_REQUEST: &str = "todos_one_of_each_request";
/// A priority is 0 to 9.
pub const TODOS_PRIORITY_RANGE: &str = "todos_priority_range";
/// A todo has at most 20 labels.
pub const TODOS_LABELS_COUNT: &str = "todos_labels_count";
/// A position is 16 to 64 hexadecimal digits.
pub const TODOS_POSITION_FORM: &str = "todos_position_form";
/// A zone is that of a due time.
pub const TODOS_DUE_OF_ZONE: &str = "todos_due_of_zone";
/// A due without a zone is a date.
pub const TODOS_DUE_WITHOUT_ZONE_IS_A_DATE: &str = "todos_due_without_zone_is_a_date";
/// The name of a zone has 1 to 64 code points.
pub const TODOS_DUE_ZONE_LENGTH: &str = "todos_due_zone_length";
/// A recurrence has 1 to 200 code points.
pub const TODOS_RECURRENCE_LENGTH: &str = "todos_recurrence_length";
/// What recurs has a due.
pub const TODOS_DUE_OF_RECURRENCE: &str = "todos_due_of_recurrence";
/// What recurs has no parent.
pub const TODOS_NO_RECURRENCE_BELOW_A_PARENT: &str = "todos_no_recurrence_below_a_parent";
/// A todo is not its own parent.
pub const TODOS_PARENT_IS_ANOTHER: &str = "todos_parent_is_another";
/// A todo's parent exists, in the same list.
pub const TODOS_PARENT_ID_FKEY: &str = "todos_parent_id_fkey";
/// The mark that a moved todo leaves counts as deleted.
pub const TODOS_MOVED_IS_DELETED: &str = "todos_moved_is_deleted";
/// What the API has no field for has at most 16 KiB.
pub const TODOS_ICALENDAR_LENGTH: &str = "todos_icalendar_length";
/// A caller's request id stands for one batch.
pub const BATCHES_PKEY: &str = "batches_pkey";
/// A fingerprint has 32 bytes.
pub const BATCHES_REQUEST_HASH_LENGTH: &str = "batches_request_hash_length";
/// A batch wrote at most 100 todos, each of one list.
pub const BATCHES_IDS_COUNT: &str = "batches_ids_count";
/// A user is deleted once.
pub const DELETED_USERS_PKEY: &str = "deleted_users_pkey";
/// The feed is followed to one place.
pub const FEED_PKEY: &str = "feed_pkey";
/// That place stands in one row.
pub const FEED_ONE_ROW: &str = "feed_one_row";
/// A cursor of the feed has at most 64 characters.
pub const FEED_FOLLOWED_TO_LENGTH: &str = "feed_followed_to_length";
