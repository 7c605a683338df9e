//! The proof of the write shape: the revisions of a list are given out once, without a gap, in the order in which they
//! become visible, whoever writes at once. An audit kept by a trigger tells what really happened, and mutants show that
//! the proof can fail.

#[path = "../support/database.rs"]
mod database;

mod audit;
mod dice;
mod follower;
mod judge;
mod storm;

use sqlx::AssertSqlSafe;
use sqlx::Connection;

use crate::audit::Audit;
use crate::judge::Report;
use crate::storm::{Crowd, Storm};

/// Some ten seconds on two cores. A mutant shows itself much sooner.
const CROWD: Crowd = Crowd { writers: 8, batches: 120, lists: 4 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revisions_are_given_out_once_without_a_gap_in_the_order_of_commits() {
    let storm = Storm::new().await;
    let Report { faults, tally } = storm.run(CROWD).await;
    assert_eq!(faults, Vec::<String>::new(), "{tally:?}");
    // Every branch was taken, often.
    for (branch, times) in [
        ("done", tally.done),
        ("repeated", tally.repeated),
        ("moved", tally.moved),
        ("restored", tally.restored),
        ("taken", tally.taken),
        ("quota", tally.quota),
        ("mismatch", tally.mismatch),
        ("conditional", tally.conditional),
        ("unsuitable", tally.unsuitable),
        ("recurring", tally.recurring),
        ("implied", tally.implied),
        ("again", tally.again),
        ("kept", tally.kept),
        ("refused", tally.refused),
        ("polls", tally.polls),
    ] {
        assert!(times > 100, "{branch} only {times} times: {tally:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_writers_to_one_list_lose_nothing_while_it_is_shared_handed_over_and_deleted() {
    let storm = Storm::new().await;
    let Report { faults, tally } = storm.run(Crowd { writers: 40, batches: 15, lists: 1 }).await;
    assert_eq!(faults, Vec::<String>::new(), "{tally:?}");
    assert!(tally.done > 100 && tally.kept > 20, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_writers_to_several_lists_lose_nothing_while_they_are_shared_handed_over_and_deleted() {
    let storm = Storm::new().await;
    let Report { faults, tally } = storm.run(Crowd { writers: 40, batches: 15, lists: 4 }).await;
    assert_eq!(faults, Vec::<String>::new(), "{tally:?}");
    assert!(tally.done > 100 && tally.conditional > 20 && tally.kept > 20, "{tally:?}");
}

/// Replaces one text in a function of the schema.
async fn mutate(storm: &Storm, function: &str, text: &str, by: &str) {
    let mut admin = storm.admin().await;
    let definition: String = sqlx::query_scalar("SELECT pg_get_functiondef($1::regproc)")
        .bind(function)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert!(definition.contains(text), "{function} has no {text:?}");
    sqlx::raw_sql(AssertSqlSafe(definition.replace(text, by))).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_lock_the_proof_fails() {
    let storm = Storm::new().await;
    mutate(&storm, "todo.create_todos", "FOR NO KEY UPDATE", "").await;
    mutate(&storm, "todo.change_todos", "FOR NO KEY UPDATE", "").await;
    let Report { faults, .. } = storm.run(CROWD).await;
    // Whichever comes first: a revision given out twice, or two that wait for each other's rows.
    let expected = |fault: &String| fault.contains("todos_list_id_revision_key") || fault.contains("deadlock");
    assert!(faults.iter().any(expected), "{faults:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_lock_of_those_who_change_lists_the_proof_fails() {
    let storm = Storm::new().await;
    mutate(&storm, "todo.lock_lists", "FOR NO KEY UPDATE", "").await;
    let Report { faults, .. } = storm.run(CROWD).await;
    // Whichever comes first: a member made twice, a count that is wrong, a name that was overwritten unseen.
    let expected = |fault: &String| {
        ["list_members_", "members", "a lost update", "deadlock", "audit_pkey"].iter().any(|sign| fault.contains(sign))
    };
    assert!(faults.iter().any(expected), "{faults:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_locks_in_no_common_order_the_proof_fails() {
    let storm = Storm::new().await;
    mutate(&storm, "todo.change_todos", "ORDER BY l.id", "ORDER BY l.id DESC").await;
    let Report { faults, .. } = storm.run(CROWD).await;
    assert!(faults.iter().any(|fault| fault.contains("deadlock")), "{faults:?}");
}

/// The schedule that a sequence does not survive: the first writer commits last.
#[tokio::test]
async fn a_cursor_over_a_sequence_misses_what_commits_late_and_a_cursor_over_revisions_does_not() {
    let storm = Storm::new().await;
    let [first_list, second_list, ..] = storm.lists();
    let (mut first, mut second) = (storm.writer().await, storm.writer().await);
    let mut follower = storm.follower().await;
    let mut audit = Audit::new(storm.admin().await);

    let mut first = first.begin().await.unwrap();
    storm.write_one(&mut first, first_list).await;
    storm.write_one(&mut second, second_list).await;
    let seen_early = audit.after_sequence(0).await;
    follower.poll().await;
    first.commit().await.unwrap();
    let seen_late = audit.after_sequence(*seen_early.iter().max().unwrap()).await;
    follower.poll().await;

    assert_eq!((seen_early.len(), seen_late.len()), (1, 0), "one of two writes is never seen");
    assert_eq!(follower.revisions(), [(first_list, 1), (second_list, 1)]);
    assert_eq!(follower.faults(), Vec::<String>::new());
}
