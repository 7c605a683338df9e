//! Every history of an owner and a thief who share a session, up to some length: answers arrive, are lost, or are read by
//! the thief; calls are repeated; time passes. What must hold is stated about what can be seen from outside alone: who
//! presented which token when, and whether it was taken.

use auth_service::session::{Decision, Fingerprint, GRACE, IDLE, Lineage, RefreshTokens, decide};
use service_kit::secret::Secret;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const START: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
const TICK: Duration = Duration::MICROSECOND;
/// Steps of a history.
const DEPTH: usize = 7;

/// The rule that is tried.
type Rule = fn(&Lineage, &Fingerprint, OffsetDateTime) -> Decision;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Arrives,
    IsLost,
    /// The thief reads it, and the owner does not.
    IsStolen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The owner presents the latest token that they were given.
    Owner(Answer),
    /// The thief copies that token.
    Theft,
    /// The thief presents the latest token that they know.
    Thief,
    /// The thief presents the one before it.
    ThiefOlder,
    Time(Duration),
}

const STEPS: [Step; 8] = [
    Step::Owner(Answer::Arrives),
    Step::Owner(Answer::IsLost),
    Step::Owner(Answer::IsStolen),
    Step::Theft,
    Step::Thief,
    Step::ThiefOlder,
    // Together the grace, to the moment.
    Step::Time(GRACE.saturating_sub(TICK)),
    Step::Time(TICK),
];

/// A token that somebody presented: which of the session's tokens, when, and whether it was taken.
#[derive(Clone, Copy, Debug)]
struct Presented {
    token: usize,
    at: OffsetDateTime,
    by_thief: bool,
    taken: bool,
}

#[derive(Clone)]
struct World {
    now: OffsetDateTime,
    lineage: Lineage,
    latest: usize,
    owner: usize,
    thief: Option<usize>,
    log: Vec<Presented>,
}

struct Search {
    rule: Rule,
    tokens: Vec<Fingerprint>,
    /// Histories that ended because both held the session, and those in which the owner repeated a call.
    seen: (usize, usize),
}

impl Search {
    fn new(rule: Rule) -> Self {
        let tokens = RefreshTokens::new(&Secret::from_hex(&"5".repeat(64)).unwrap());
        let fingerprint = |n: usize| tokens.mint(Uuid::from_u128(7), i64::try_from(n).unwrap()).fingerprint();
        Self { rule, tokens: (0..=DEPTH + 2).map(fingerprint).collect(), seen: (0, 0) }
    }

    fn run(mut self) -> Result<(usize, usize), String> {
        let current = self.tokens[1].clone();
        let lineage = Lineage { current, previous: None, rotated_at: START, expires: START + IDLE, ended: false };
        let world = World { now: START, lineage, latest: 1, owner: 1, thief: None, log: Vec::new() };
        self.explore(&world, &mut Vec::new())?;
        Ok(self.seen)
    }

    fn explore(&mut self, world: &World, history: &mut Vec<Step>) -> Result<(), String> {
        if history.len() == DEPTH {
            return Ok(());
        }
        for step in STEPS {
            let mut next = world.clone();
            if !self.take(&mut next, step) {
                continue;
            }
            history.push(step);
            self.judge(&next.log).map_err(|broken| format!("{broken}: {history:?} {:?}", next.log))?;
            self.explore(&next, history)?;
            history.pop();
        }
        Ok(())
    }

    /// Takes a step; false if it cannot be.
    fn take(&mut self, world: &mut World, step: Step) -> bool {
        match step {
            Step::Time(passes) => world.now += passes,
            Step::Theft => world.thief = Some(world.thief.unwrap_or(0).max(world.owner)),
            Step::Owner(answer) => {
                let given = self.present(world, world.owner, false);
                match answer {
                    Answer::Arrives => world.owner = given.unwrap_or(world.owner),
                    Answer::IsLost => {}
                    Answer::IsStolen => world.thief = world.thief.max(given),
                }
            }
            Step::Thief | Step::ThiefOlder => {
                let older = usize::from(step == Step::ThiefOlder);
                let Some(token) = world.thief.filter(|token| *token > older) else { return false };
                let given = self.present(world, token - older, true);
                world.thief = world.thief.max(given);
            }
        }
        true
    }

    /// What the service does: the token that it gives, if it takes the presented one.
    fn present(&self, world: &mut World, token: usize, by_thief: bool) -> Option<usize> {
        let taken = match (self.rule)(&world.lineage, &self.tokens[token], world.now) {
            Decision::Rotate => {
                world.latest += 1;
                let current = self.tokens[world.latest].clone();
                world.lineage.previous = Some(std::mem::replace(&mut world.lineage.current, current));
                world.lineage.rotated_at = world.now;
                true
            }
            Decision::RepeatSuccessor => true,
            Decision::Reused => {
                world.lineage.ended = true;
                false
            }
            Decision::Expired | Decision::Ended => false,
        };
        world.log.push(Presented { token, at: world.now, by_thief, taken });
        taken.then_some(world.latest)
    }

    /// Whether the last call that was made keeps the promise.
    fn judge(&mut self, log: &[Presented]) -> Result<(), &'static str> {
        let Some((last, before)) = log.split_last() else { return Ok(()) };
        let first_taken = before.iter().find(|call| call.token == last.token && call.taken).map(|call| call.at);
        let in_grace = first_taken.is_none_or(|first| last.at < first + GRACE);
        let successor_used = before.iter().any(|call| call.token > last.token && call.taken);
        let was_refused = before.iter().any(|call| !call.taken);
        let thief_acted = before.iter().any(|call| call.by_thief);
        match last.taken {
            true if !in_grace => return Err("a token was taken after its grace"),
            true if successor_used => return Err("a token was taken after its successor"),
            true if was_refused => return Err("the session went on after two parties had held it"),
            false if !last.by_thief && !thief_acted && in_grace => return Err("the owner was logged out for a retry"),
            false if in_grace && !successor_used && !was_refused => return Err("a good token was refused"),
            _ => {}
        }
        self.seen.0 += usize::from(!last.taken && !was_refused && thief_acted);
        self.seen.1 += usize::from(last.taken && !last.by_thief && first_taken.is_some());
        Ok(())
    }
}

#[test]
fn no_history_breaks_the_promise_to_owners_or_serves_two_parties_for_longer_than_the_grace() {
    let (ended, repeated) = Search::new(decide).run().unwrap();
    assert!(ended > 10_000 && repeated > 10_000, "{ended} {repeated}: the search saw what it is for");
}

#[test]
fn a_rule_without_a_grace_is_found() {
    let impatient: Rule = |session, presented, now| match decide(session, presented, now) {
        Decision::RepeatSuccessor => Decision::Reused,
        other => other,
    };
    assert!(Search::new(impatient).run().unwrap_err().starts_with("the owner was logged out for a retry"));
}

#[test]
fn a_rule_with_an_endless_grace_is_found() {
    let endless: Rule = |session, presented, now| match decide(session, presented, now) {
        Decision::Reused if session.previous.as_ref() == Some(presented) => Decision::RepeatSuccessor,
        other => other,
    };
    assert!(Search::new(endless).run().unwrap_err().starts_with("a token was taken after its grace"));
}

#[test]
fn a_rule_that_forgives_reuse_is_found() {
    let forgiving: Rule = |session, presented, now| match decide(session, presented, now) {
        Decision::Reused => Decision::Expired,
        other => other,
    };
    assert!(Search::new(forgiving).run().unwrap_err().starts_with("the session went on after"));
}
