//! The gate in front of the hash function: threads of its own, a bounded queue, and one second of patience.
//!
//! A hash takes 14 ms of a core. On a tokio worker it made other rpcs 40 ms late; more hashes at once than there are cores
//! are slower than as many. So there are as many threads as cores, of low priority, and whoever cannot be
//! served soon is told so at once: a login storm slows no other rpc.

use std::io;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use argon2::Block;
use crossbeam_channel::{Receiver, Sender};
use service_kit::entropy::Entropy;
use tokio::sync::oneshot;

use super::strength::is_guessable;
use super::{Cost, CostError, Password, PasswordHash};

/// How long a caller waits for its turn.
const PATIENCE: Duration = Duration::from_secs(1);
/// Added to the niceness of the hashing threads: work on requests goes first.
const NICENESS: i32 = 10;

/// What a password hash costs, and how many are computed at once.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Password hashing")]
pub struct Settings {
    /// Threads that hash passwords [default: the number of cores; more are slower]
    #[arg(long, env = "HASH_THREADS")]
    pub hash_threads: Option<NonZeroUsize>,
    /// Passwords that may wait to be hashed
    #[arg(long, env = "HASH_QUEUE", default_value = "64")]
    pub hash_queue: NonZeroUsize,
    /// Memory of a new hash, in KiB (at most 65536)
    #[arg(long, env = "HASH_MEMORY_KIB", default_value = "19456")]
    pub hash_memory_kib: NonZeroU32,
    /// Passes of a new hash over its memory (at most 10)
    #[arg(long, env = "HASH_PASSES", default_value = "2")]
    pub hash_passes: NonZeroU32,
    /// Lanes of a new hash (at most 4)
    #[arg(long, env = "HASH_LANES", default_value = "1")]
    pub hash_lanes: NonZeroU32,
}

impl Settings {
    fn cost(&self) -> Result<Cost, CostError> {
        Cost::new(self.hash_memory_kib.get(), self.hash_passes.get(), self.hash_lanes.get())
    }

    fn threads(&self) -> NonZeroUsize {
        self.hash_threads.unwrap_or_else(|| thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }
}

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The queue was full, or the turn did not come in time. Another try may succeed.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// Few guesses would find the password: it was not hashed.
    #[error("the password is easy to guess")]
    Guessable,
    /// The hash function refused its input: a fault of ours.
    #[error("a password could not be hashed: {0}")]
    Fault(#[from] argon2::Error),
}

/// What came of a comparison.
#[derive(Debug)]
pub struct Compared {
    /// Whether the password is the stored one.
    pub matches: bool,
    /// A new hash of a password that matches, if the stored one costs less than hashes do now: to be stored in its place.
    pub renewed: Option<PasswordHash>,
}

/// Hashes and compares passwords. Clones share the threads, which end with the last clone.
#[derive(Clone)]
pub struct Hasher(Arc<Gate>);

struct Gate {
    jobs: Sender<Job>,
    entropy: Entropy,
    cost: Cost,
    nobody: PasswordHash,
}

/// A piece of work and the one who waits for it.
struct Job {
    password: Password,
    work: Work,
    /// Rung when the work begins. Nobody listening means that the caller has gone or given up: the work is skipped.
    begun: oneshot::Sender<()>,
}

/// How a new hash is made.
struct Recipe {
    cost: Cost,
    salt: [u8; 16],
}

enum Work {
    Hash { words: Vec<String>, recipe: Recipe, answer: oneshot::Sender<Result<PasswordHash, Refused>> },
    Compare { stored: PasswordHash, recipe: Recipe, answer: oneshot::Sender<Result<Compared, Refused>> },
}

impl Hasher {
    /// Starts the threads.
    pub fn start(settings: &Settings, entropy: Entropy) -> Result<Self, io::Error> {
        let cost = settings.cost().map_err(io::Error::other)?;
        let (jobs, queue) = crossbeam_channel::bounded(settings.hash_queue.get());
        for number in 0..settings.threads().get() {
            let queue = queue.clone();
            thread::Builder::new().name(format!("argon2-{number}")).spawn(move || serve(&queue))?;
        }
        let nobody = PasswordHash::of_nobody(cost.clone(), entropy.bytes(), entropy.bytes());
        Ok(Self(Arc::new(Gate { jobs, entropy, cost, nobody })))
    }

    /// A hash of a password that somebody chooses whose own words these are, under a fresh salt.
    pub async fn hash(&self, password: Password, words: Vec<String>) -> Result<PasswordHash, Refused> {
        let (answer, hash) = oneshot::channel();
        self.admit(password, Work::Hash { words, recipe: self.recipe(), answer }).await?;
        hash.await.map_err(|_| Refused::Busy)?
    }

    /// Whether a password is the stored one. Without a stored one the answer is no, after the same work.
    pub async fn compare(&self, password: Password, stored: Option<PasswordHash>) -> Result<Compared, Refused> {
        let (answer, compared) = oneshot::channel();
        let stored = stored.unwrap_or_else(|| self.0.nobody.clone());
        self.admit(password, Work::Compare { stored, recipe: self.recipe(), answer }).await?;
        compared.await.map_err(|_| Refused::Busy)?
    }

    fn recipe(&self) -> Recipe {
        Recipe { cost: self.0.cost.clone(), salt: self.0.entropy.bytes() }
    }

    /// Queues the work and waits until it begins.
    async fn admit(&self, password: Password, work: Work) -> Result<(), Refused> {
        let (begun, turn) = oneshot::channel();
        self.0.jobs.try_send(Job { password, work, begun }).map_err(|_| Refused::Busy)?;
        match tokio::time::timeout(PATIENCE, turn).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Refused::Busy),
        }
    }
}

/// The life of a hashing thread: it owns the memory that its hashes use again and again.
fn serve(queue: &Receiver<Job>) {
    // On Linux niceness belongs to a thread, elsewhere to the whole process, which must keep its own.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "a hashing thread keeps its priority");
    }
    let mut blocks = Vec::new();
    while let Ok(Job { password, work, begun }) = queue.recv() {
        if begun.send(()).is_ok() {
            perform(work, &password, &mut blocks);
        }
    }
}

fn perform(work: Work, password: &Password, blocks: &mut Vec<Block>) {
    // A caller that went away meanwhile does not need its answer.
    match work {
        Work::Hash { words, recipe, answer } => {
            let _ = answer.send(hash(password, &words, &recipe, blocks));
        }
        Work::Compare { stored, recipe, answer } => {
            let _ = answer.send(compare(password, &stored, &recipe, blocks));
        }
    }
}

fn hash(
    password: &Password,
    words: &[String],
    recipe: &Recipe,
    blocks: &mut Vec<Block>,
) -> Result<PasswordHash, Refused> {
    if is_guessable(password, words) {
        return Err(Refused::Guessable);
    }
    Ok(PasswordHash::compute(&recipe.cost, recipe.salt, password, blocks)?)
}

fn compare(
    password: &Password,
    stored: &PasswordHash,
    recipe: &Recipe,
    blocks: &mut Vec<Block>,
) -> Result<Compared, Refused> {
    let matches = stored.matches(password, blocks)?;
    let outdated = matches && stored.is_cheaper_than(&recipe.cost);
    let renew = || PasswordHash::compute(&recipe.cost, recipe.salt, password, blocks);
    Ok(Compared { matches, renewed: outdated.then(renew).transpose()? })
}
