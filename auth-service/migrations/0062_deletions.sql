-- The deletions of users in the order of the feed: whoever comes back after long is told of these, and of nothing else that
-- is old.
CREATE INDEX events_deletions_index ON auth.events (seq) WHERE kind = 'user_deleted';
