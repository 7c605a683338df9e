-- The pages of what somebody did, and of what happened in or to a session.
CREATE INDEX events_actor_index ON auth.events (actor_id, at, id);
CREATE INDEX events_session_index ON auth.events (session_id, at, id);
