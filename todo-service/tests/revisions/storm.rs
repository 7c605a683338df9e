//! Many writers at once: batches over several lists, with repeats, twins, stale versions, strangers, and a member who comes
//! and goes, while the lists are shared, handed over, renamed, deleted and brought back.

mod keeper;
pub(crate) mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use local_postgres::{Cluster, Role};
use service_kit::postgres::Database;
use sqlx::PgConnection;
use todo_service::list::ListId;
use tokio::task::JoinSet;
use uuid::Uuid;

use self::keeper::Keeper;
use self::writer::{Event, Writer};
use crate::audit::Audit;
use crate::database;
use crate::dice::Dice;
use crate::follower::Follower;
use crate::judge::{Judge, Report};

const LISTS: usize = 4;
/// Writers that share connections.
const TOGETHER: u64 = 8;
const KEEPERS: u64 = 3;
/// Live todos a list: few, so that lists are full at times.
const MAX_LIVE: u32 = 300;

/// Who takes part.
#[derive(Clone)]
pub(crate) struct Cast {
    /// In ascending order.
    lists: Vec<Uuid>,
    /// Two who own the lists in turn.
    owners: [Uuid; 2],
    /// Editors of all lists.
    editors: Vec<Uuid>,
    /// An editor whose memberships are given and taken all the time.
    guest: Uuid,
    /// Those who must get nowhere: a viewer, and one who is not known at all.
    refused: Vec<Uuid>,
}

impl Cast {
    /// The list that is deleted and brought back all the time.
    fn fragile(&self) -> Uuid {
        *self.lists.last().unwrap()
    }
}

/// How many write, and how much.
#[derive(Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) writers: u64,
    /// Batches that each of them sends.
    pub(crate) batches: usize,
    /// Lists that they write to, at most four.
    pub(crate) lists: usize,
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
            owners: [dice.id(), dice.id()],
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
        let Cast { lists, owners: [first, second], editors, refused, guest } = &self.cast;
        for user in [first, second, guest] {
            sqlx::query("SELECT FROM todo.ensure_inbox($1, $2, 'inbox', sha256(''))")
                .bind(user)
                .bind(ListId::inbox_of(*user).uuid())
                .execute(&mut admin)
                .await
                .unwrap();
        }
        for list in lists {
            let make = "INSERT INTO todo.lists (id, owner_id, display_name, inbox, request_hash, member_count, create_time, update_time)
                VALUES ($1, $2, 'list', false, sha256(''), $3, now(), now())";
            let members = i32::try_from(editors.len() + 3).unwrap();
            sqlx::query(make).bind(list).bind(first).bind(members).execute(&mut admin).await.unwrap();
            let others = [(first, "owner"), (second, "editor"), (&refused[0], "viewer")];
            for (user, role) in editors.iter().map(|editor| (editor, "editor")).chain(others) {
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

    /// Lets every writer send its batches, or until one fails, while keepers change the lists and followers look on.
    pub(crate) async fn run(&self, crowd: Crowd) -> Report {
        let (over, broken) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (mut writers, mut keepers, mut followers) = (JoinSet::new(), JoinSet::new(), JoinSet::new());
        let database = Database::new(&database::settings(&self.name).await);
        let mut cast = self.cast.clone();
        cast.lists.truncate(crowd.lists);
        for group in 0..crowd.writers.div_ceil(TOGETHER) {
            let database = database.sibling();
            for seed in (group * TOGETHER..crowd.writers.min((group + 1) * TOGETHER)).map(|n| n + 1) {
                let writer = Writer::new(database.clone(), cast.clone(), seed, Arc::clone(&broken));
                writers.spawn(writer.send(crowd.batches));
            }
        }
        for seed in 1..=KEEPERS {
            keepers.spawn(Keeper::new(database.clone(), cast.clone(), 1_000 + seed).keep(Arc::clone(&over)));
        }
        for _ in 0..2 {
            followers.spawn(follow(self.follower().await, Arc::clone(&over)));
        }
        let mut events: Vec<Event> = writers.join_all().await.into_iter().flatten().collect();
        over.store(true, Ordering::Relaxed);
        events.extend(keepers.join_all().await.into_iter().flatten());
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

/// The id, with the version that it must have.
fn with_version(id: Uuid, version: u8) -> Uuid {
    let mut bytes = id.into_bytes();
    bytes[6] = bytes[6] & 0x0f | version;
    Uuid::from_bytes(bytes)
}
