//! Whether the service can serve: `grpc.health.v1` for callers, readiness for whoever runs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::interval;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health as HealthRpcs, HealthServer};
use tonic_health::server::{HealthReporter, HealthService};

use crate::postgres::Database;

/// How often the database is asked.
const EVERY: Duration = Duration::from_millis(300);

/// The state that the probes and every worker's health service share.
#[derive(Clone)]
pub(super) struct Health {
    reporter: HealthReporter,
    /// The gRPC services to speak for; the empty name, which is the whole, comes on top.
    services: &'static [&'static str],
    ready: Arc<AtomicBool>,
}

/// Something that a service tells about itself.
pub(super) struct Condition {
    pub(super) name: &'static str,
    pub(super) is_well: Box<dyn Fn() -> bool + Send + Sync>,
}

impl Health {
    /// Not ready until the database has answered once.
    pub(super) async fn new(services: &'static [&'static str]) -> Self {
        let health = Self { reporter: HealthReporter::new(), services, ready: Arc::default() };
        health.publish(false).await;
        health
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// The names of the gRPC services.
    pub(super) fn services(&self) -> &'static [&'static str] {
        self.services
    }

    /// The rpcs, over the shared state.
    pub(super) fn server(&self) -> HealthServer<impl HealthRpcs + use<>> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// Asks the database again and again, and tells what it says; the conditions too.
    pub(super) async fn follow(self, database: Database, conditions: Vec<Condition>) {
        let mut tick = interval(EVERY);
        loop {
            tick.tick().await;
            for Condition { name, is_well } in &conditions {
                self.reporter.set_service_status(name, status(is_well())).await;
            }
            let answers = database.probe().await;
            if self.is_ready() != answers {
                if answers {
                    tracing::info!("the database answers");
                } else {
                    tracing::warn!("the database does not answer");
                }
                self.publish(answers).await;
            }
        }
    }

    /// Tells whether the service serves. When it drains this is false for good: callers go elsewhere while
    /// calls in flight finish.
    pub(super) async fn publish(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
        for name in self.services.iter().copied().chain([""]) {
            self.reporter.set_service_status(name, status(ready)).await;
        }
    }
}

fn status(well: bool) -> ServingStatus {
    if well { ServingStatus::Serving } else { ServingStatus::NotServing }
}
