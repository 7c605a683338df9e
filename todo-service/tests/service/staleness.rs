//! What a call gets when auth-service was not heard for a while: the rule, line by line.

use std::time::Duration;

use proto::todo::v1 as wire;
use time::macros::datetime;
use todo_service::grpc::staleness::{FRESH, HEADER};
use tonic::Code;

use crate::support::auth::{Auth, Says};
use crate::support::world::{User, World, create, why};

/// A world in which auth-service was heard just now, and says nothing more.
struct Bench {
    world: World,
    auth: Auth,
    user: User,
}

impl Bench {
    async fn start() -> Self {
        let auth = Auth::with_replicas(2);
        let world = World::following(auth.upstream()).await;
        world.revocations.set_life(Duration::from_mins(1));
        world.revocations.confirm(world.clock.now());
        let user = world.user();
        Self { world, auth, user }
    }

    /// A read, and the header that its answer has.
    async fn read(&mut self) -> Result<Option<String>, tonic::Status> {
        let request = wire::ListTodosRequest { parent: "lists/inbox".into(), ..Default::default() };
        let answer = self.user.todos.list_todos(request).await?;
        Ok(answer.metadata().get(HEADER.as_str()).map(|age| age.to_str().unwrap().to_owned()))
    }

    async fn write(&mut self) -> Result<wire::Todo, tonic::Status> {
        self.user.create(create("lists/inbox", "written")).await
    }
}

#[tokio::test]
async fn as_long_as_what_is_known_is_fresh_nobody_is_asked() {
    let mut bench = Bench::start().await;
    bench.auth.says(Says::Inactive);
    bench.world.clock.advance(FRESH);
    assert_eq!(bench.read().await.unwrap(), None);
    bench.write().await.unwrap();
    assert_eq!(bench.auth.asked(), 0);
}

#[tokio::test]
async fn a_token_that_introspection_calls_active_goes_on_as_ever() {
    let mut bench = Bench::start().await;
    bench.world.clock.advance(FRESH + Duration::from_secs(1));
    assert_eq!(bench.read().await.unwrap(), None);
    bench.write().await.unwrap();
    assert_eq!(bench.auth.asked(), 1, "the answer to the first call holds for a second");
    bench.world.clock.advance(Duration::from_secs(1));
    bench.read().await.unwrap();
    assert_eq!(bench.auth.asked(), 2);
}

#[tokio::test]
async fn a_token_that_introspection_calls_inactive_is_refused() {
    let mut bench = Bench::start().await;
    bench.auth.says(Says::Inactive);
    bench.world.clock.advance(FRESH + Duration::from_secs(1));
    assert_eq!(why(&bench.read().await.unwrap_err()), (Code::Unauthenticated, "SESSION_ENDED".into()));
    assert_eq!(why(&bench.write().await.unwrap_err()), (Code::Unauthenticated, "SESSION_ENDED".into()));
}

#[tokio::test]
async fn where_nobody_answers_calls_go_on_and_say_how_old_the_knowledge_is() {
    let mut bench = Bench::start().await;
    bench.auth.says(Says::Nothing);
    bench.world.clock.advance(Duration::from_secs(42));
    assert_eq!(bench.read().await.unwrap().as_deref(), Some("42"));
    bench.write().await.unwrap();
    assert_eq!(bench.auth.asked(), 2, "each replica once, and nobody again within the second");
}

#[tokio::test]
async fn after_the_life_of_a_token_writes_are_refused_and_reads_go_on() {
    let mut bench = Bench::start().await;
    bench.auth.says(Says::Nothing);
    bench.world.clock.advance(Duration::from_secs(61));
    let refused = bench.write().await.unwrap_err();
    assert_eq!(why(&refused), (Code::Unavailable, "AUTH_UNAVAILABLE".into()));
    assert_eq!(bench.read().await.unwrap().as_deref(), Some("61"));
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_nothing_stale() {
    let mut bench = Bench::start().await;
    bench.auth.says(Says::Inactive);
    bench.world.revocations.confirm(datetime!(2026-11-21 12:01 UTC));
    assert_eq!(bench.read().await.unwrap(), None);
}
