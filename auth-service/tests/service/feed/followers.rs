//! A follower as a test sees it.

use std::time::Duration;

use proto::auth::v1::watch_security_events_response::Content;
use proto::auth::v1::{SecurityEvent, WatchSecurityEventsRequest, WatchSecurityEventsResponse};
use tokio::time::timeout;
use tonic::{Status, Streaming};

use crate::system::System;

/// An open stream.
pub(crate) struct Stream(Streaming<WatchSecurityEventsResponse>);

/// Follows as todo-service does.
pub(crate) async fn watch(system: &System, cursor: &str) -> Result<Stream, Status> {
    let request = WatchSecurityEventsRequest { cursor: cursor.to_owned() };
    Ok(Stream(system.tokens("todo-service").watch_security_events(request).await?.into_inner()))
}

impl Stream {
    /// The next message, which must come.
    pub(crate) async fn next(&mut self) -> Result<WatchSecurityEventsResponse, Status> {
        let next = timeout(Duration::from_secs(10), self.0.message()).await.expect("a message in time");
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
}
