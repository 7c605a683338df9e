//! A follower as a test sees it.

use std::time::Duration;

use proto::auth::v1::watch_security_events_response::Content;
use proto::auth::v1::{SecurityEvent, WatchSecurityEventsRequest, WatchSecurityEventsResponse};
use tokio::time::{Instant, timeout_at};
use tonic::{Status, Streaming};

use uuid::Uuid;

use crate::system::System;

/// An open stream. A test that waits a minute for what does not come has failed.
pub(crate) struct Stream {
    messages: Streaming<WatchSecurityEventsResponse>,
    deadline: Instant,
}

/// Follows as todo-service does.
pub(crate) async fn watch(system: &System, cursor: &str) -> Result<Stream, Status> {
    let request = WatchSecurityEventsRequest { cursor: cursor.to_owned() };
    let messages = system.tokens("todo-service").watch_security_events(request).await?.into_inner();
    Ok(Stream { messages, deadline: Instant::now() + Duration::from_mins(1) })
}

impl Stream {
    /// The next message, which must come.
    pub(crate) async fn next(&mut self) -> Result<WatchSecurityEventsResponse, Status> {
        let next = timeout_at(self.deadline, self.messages.message()).await.expect("a message in time");
        Ok(next?.expect("the stream ends with a status"))
    }

    /// The next event, after whatever else.
    pub(crate) async fn event(&mut self) -> SecurityEvent {
        loop {
            if let Some(Content::Event(event)) = self.next().await.unwrap().content {
                return event;
            }
        }
    }

    /// Everything until the next bookmark: the events, those of a snapshot too, and the cursor of the bookmark.
    pub(crate) async fn all(&mut self) -> (Vec<SecurityEvent>, String) {
        let mut events = Vec::new();
        loop {
            let message = self.next().await.unwrap();
            match message.content.expect("something is told") {
                Content::Keys(_) => {}
                Content::Snapshot(snapshot) => events.extend(snapshot.events),
                Content::Event(event) => events.push(event),
                Content::Bookmark(_) => return (events, message.cursor),
            }
        }
    }

    /// The events of live messages until the next bookmark, each with its number and id, and the cursor of the bookmark.
    pub(crate) async fn numbered(&mut self) -> (Vec<(i64, Uuid)>, String) {
        let mut events = Vec::new();
        loop {
            let message = self.next().await.unwrap();
            match message.content.expect("something is told") {
                Content::Event(event) => {
                    events.push((message.cursor.parse().unwrap(), event.event_id.parse().unwrap()));
                }
                Content::Bookmark(_) => return (events, message.cursor),
                Content::Keys(_) | Content::Snapshot(_) => {}
            }
        }
    }
}
