//! Many writers at once: batches over several lists, with repeats, twins, stale versions, strangers, and a member who comes
//! and goes.

pub(crate) mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use local_postgres::{Cluster, Role};
use service_kit::postgres::Database;
use sqlx::PgConnection;
use tokio::task::JoinSet;
use uuid::Uuid;

use self::writer::{Event, Writer};
use crate::audit::Audit;
use crate::database;
use crate::dice::Dice;
use crate::follower::Follower;
use crate::judge::{Judge, Report};

const LISTS: usize = 4;
const WRITERS: u64 = 8;
/// Live todos a list: few, so that lists are full at times.
const MAX_LIVE: u32 = 300;

/// Who takes part.
#[derive(Clone)]
pub(crate) struct Cast {
    /// In ascending order.
    lists: Vec<Uuid>,
    /// Editors of all lists.
    editors: Vec<Uuid>,
    /// An editor whose memberships are given and taken all the time.
    guest: Uuid,
    /// Those who must get nowhere: a viewer, and one who is not known at all.
    refused: Vec<Uuid>,
}

pub(crate) struct Storm {
    name: String,
    cast: Cast,
}

impl Storm {
    /// A fresh database with lists, members and the audit.
    pub(crate) async fn new() -> Self {
        let dice = Dice::seeded(0);
        let mut lists: Vec<Uuid> = (0..LISTS).map(|_| with_version(dice.id(), 0x70)).collect();
        lists.sort_unstable();
        let cast = Cast {
            lists,
            editors: (0..3).map(|_| dice.id()).collect(),
            guest: dice.id(),
            refused: vec![dice.id(), dice.id()],
        };
        let storm = Self { name: database::migrated().await, cast };
        Audit::new(storm.admin().await).install().await;
        storm.people_the_lists().await;
        storm
    }

    async fn people_the_lists(&self) {
        let mut admin = self.admin().await;
        let Cast { lists, editors, refused, .. } = &self.cast;
        for list in lists {
            sqlx::query("INSERT INTO todo.lists VALUES ($1, $1, 'list', false, sha256(''), 0, 0, now(), now())")
                .bind(list)
                .execute(&mut admin)
                .await
                .unwrap();
            let viewer = refused.first().map(|viewer| (viewer, "viewer"));
            for (user, role) in editors.iter().map(|editor| (editor, "editor")).chain(viewer) {
                let admit = sqlx::query("INSERT INTO todo.list_members VALUES ($1, $2, $3)");
                admit.bind(user).bind(list).bind(role).execute(&mut admin).await.unwrap();
            }
        }
    }

    pub(crate) fn lists(&self) -> [Uuid; LISTS] {
        self.cast.lists.as_slice().try_into().unwrap()
    }

    pub(crate) async fn admin(&self) -> PgConnection {
        Cluster::throwaway().await.unwrap().admin(&self.name).await.unwrap()
    }

    pub(crate) async fn writer(&self) -> PgConnection {
        Cluster::throwaway().await.unwrap().connect(&self.name, Role::TodoService).await.unwrap()
    }

    pub(crate) async fn follower(&self) -> Follower {
        Follower::new(self.writer().await, self.cast.lists.clone())
    }

    /// One todo, by the function itself.
    pub(crate) async fn write_one(&self, connection: &mut PgConnection, list: Uuid) {
        let call = "SELECT outcome FROM todo.create_todos(ARRAY[$1], ARRAY[$2], ARRAY[gen_random_uuid()], ARRAY[NULL::uuid],
            ARRAY[sha256('')], ARRAY['title'], ARRAY[''], ARRAY[0::smallint], ARRAY[''], '{}', '{}', '{}', '{}', '{}', '{}', '{}', 100)";
        let outcome: String =
            sqlx::query_scalar(call).bind(self.cast.editors[0]).bind(list).fetch_one(connection).await.unwrap();
        assert_eq!(outcome, "done");
    }

    /// Lets every writer send so many batches, or until one fails, while followers look on.
    pub(crate) async fn run(&self, batches: usize) -> Report {
        let (over, broken) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (mut writers, mut followers) = (JoinSet::new(), JoinSet::new());
        let database = Database::new(&database::settings(&self.name).await);
        for seed in 1..=WRITERS {
            let writer = Writer::new(database.clone(), self.cast.clone(), seed, Arc::clone(&broken));
            writers.spawn(writer.send(batches));
        }
        for _ in 0..2 {
            followers.spawn(follow(self.follower().await, Arc::clone(&over)));
        }
        let coming_and_going = tokio::spawn(come_and_go(self.admin().await, self.cast.clone(), Arc::clone(&over)));
        let events: Vec<Event> = writers.join_all().await.into_iter().flatten().collect();
        over.store(true, Ordering::Relaxed);
        coming_and_going.await.unwrap();
        let mut report = self.judge(events).await;
        for follower in followers.join_all().await {
            report.tally.polls += follower.polls;
            report.faults.extend(follower.faults());
        }
        report
    }

    async fn judge(&self, events: Vec<Event>) -> Report {
        let mut audit = Audit::new(self.admin().await);
        let mut judge = Judge::new(audit.versions().await);
        for event in events {
            judge.hear(event);
        }
        let mut report = judge.conclude();
        report.faults.extend(audit.contradictions(i32::try_from(MAX_LIVE).unwrap()).await);
        report.faults.extend(audit.broken_families().await);
        let deadlocks = audit.deadlocks().await;
        if deadlocks > 0 {
            report.faults.push(format!("{deadlocks} deadlocks"));
        }
        report
    }
}

/// Polls until the storm is over, and once more.
async fn follow(mut follower: Follower, over: Arc<AtomicBool>) -> Follower {
    while !over.load(Ordering::Relaxed) {
        follower.poll().await;
    }
    follower.compare().await;
    follower
}

/// Gives the guest a membership and takes it, list after list.
async fn come_and_go(mut admin: PgConnection, cast: Cast, over: Arc<AtomicBool>) {
    while !over.load(Ordering::Relaxed) {
        for list in &cast.lists {
            for statement in [
                "INSERT INTO todo.list_members VALUES ($1, $2, 'editor')",
                "DELETE FROM todo.list_members WHERE user_id = $1 AND list_id = $2",
            ] {
                sqlx::query(statement).bind(cast.guest).bind(list).execute(&mut admin).await.unwrap();
            }
        }
    }
}

/// The id, with the version that it must have.
fn with_version(id: Uuid, version: u8) -> Uuid {
    let mut bytes = id.into_bytes();
    bytes[6] = bytes[6] & 0x0f | version;
    Uuid::from_bytes(bytes)
}
