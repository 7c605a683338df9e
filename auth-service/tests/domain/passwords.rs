use std::fs;
use std::time::Duration;

use auth_service::password::{Hasher, Password, PasswordHash, Refused, Settings};
use futures_util::FutureExt;
use service_kit::entropy::Entropy;

/// "password" with the salt "somesalt": a test vector of the reference implementation (phc-winner-argon2, `test.c`).
const VECTOR: &str = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
const PASSWORD: &str = "correct horse battery";

/// One thread and the least cost that the function takes.
fn settings() -> Settings {
    Settings {
        hash_threads: 1.try_into().ok(),
        hash_queue: 64.try_into().unwrap(),
        hash_memory_kib: 8.try_into().unwrap(),
        hash_passes: 1.try_into().unwrap(),
        hash_lanes: 1.try_into().unwrap(),
    }
}

fn hasher(settings: &Settings) -> Hasher {
    Hasher::start(settings, Entropy::seeded(1)).unwrap()
}

fn presented(text: &str) -> Password {
    Password::presented(text.to_owned()).unwrap()
}

/// The most work that a stored hash may ask for.
fn expensive() -> PasswordHash {
    PasswordHash::from_phc(&VECTOR.replace("t=2", "t=10")).unwrap()
}

#[test]
fn a_password_is_counted_in_code_points() {
    for (length, chosen, claimed) in [(0, false, false), (1, false, true), (14, false, true), (15, true, true)] {
        let text = "密".repeat(length);
        assert_eq!(Password::chosen(text.clone()).is_ok(), chosen, "{length}");
        assert_eq!(Password::presented(text).is_ok(), claimed, "{length}");
    }
    for (length, good) in [(128, true), (129, false)] {
        let text = "密".repeat(length);
        assert_eq!(Password::chosen(text.clone()).is_ok(), good, "{length}");
        assert_eq!(Password::presented(text).is_ok(), good, "{length}");
    }
}

#[test]
fn a_password_is_never_printed() {
    assert_eq!(format!("{:?}", presented(PASSWORD)), "Password(..)");
}

#[tokio::test]
async fn the_reference_vector_matches_its_password_alone() {
    let hasher = hasher(&settings());
    assert!(hasher.compare(presented("password"), PasswordHash::from_phc(VECTOR)).await.unwrap().matches);
    assert!(!hasher.compare(presented("Password"), PasswordHash::from_phc(VECTOR)).await.unwrap().matches);
}

#[tokio::test]
async fn a_hash_survives_the_database() {
    let hasher = hasher(&settings());
    let phc = hasher.hash(Password::chosen(PASSWORD.to_owned()).unwrap(), Vec::new()).await.unwrap().to_phc().unwrap();
    assert!(phc.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{phc}");
    assert!(hasher.compare(presented(PASSWORD), PasswordHash::from_phc(&phc)).await.unwrap().matches);
}

#[tokio::test]
async fn two_hashes_of_one_password_differ() {
    let hasher = hasher(&settings());
    let hash = || async { hasher.hash(presented(PASSWORD), Vec::new()).await.unwrap().to_phc().unwrap() };
    assert_ne!(hash().await, hash().await);
}

#[tokio::test]
async fn passwords_that_only_look_alike_differ() {
    let hasher = hasher(&settings());
    let composed = hasher.hash(presented("caf\u{e9} caf\u{e9} caf\u{e9}"), Vec::new()).await.unwrap();
    assert!(!hasher.compare(presented("cafe\u{301} cafe\u{301} cafe\u{301}"), Some(composed)).await.unwrap().matches);
}

#[tokio::test]
async fn every_code_point_counts_up_to_the_last() {
    let hasher = hasher(&settings());
    let longest = "𝄞".repeat(127);
    let hash = hasher.hash(presented(&format!("{longest}a")), Vec::new());
    assert!(matches!(hash.await, Err(Refused::Guessable)), "512 bytes of one thing are looked at like any other");
    let varied: String = (1_u32..=127).filter_map(|n| char::from_u32(0x1_0000 + n * n * 7919 % 0xFFFF)).collect();
    let hash = hasher.hash(presented(&format!("{varied}𝄞")), Vec::new()).await.unwrap();
    assert!(hasher.compare(presented(&format!("{varied}𝄞")), Some(hash.clone())).await.unwrap().matches);
    assert!(!hasher.compare(presented(&format!("{varied}𝄢")), Some(hash)).await.unwrap().matches);
}

#[tokio::test]
async fn a_hash_that_costs_less_than_those_of_today_is_renewed_for_who_knows_the_password() {
    let (old, new) = (hasher(&settings()), hasher(&Settings { hash_passes: 2.try_into().unwrap(), ..settings() }));
    let stored = old.hash(presented(PASSWORD), Vec::new()).await.unwrap();
    let compared = new.compare(presented(PASSWORD), Some(stored.clone())).await.unwrap();
    let renewed = compared.renewed.unwrap();
    assert!(compared.matches && renewed.to_phc().unwrap().starts_with("$argon2id$v=19$m=8,t=2,p=1$"));
    assert!(new.compare(presented("Password"), Some(stored)).await.unwrap().renewed.is_none());
    let again = new.compare(presented(PASSWORD), Some(renewed.clone())).await.unwrap();
    assert!(again.matches && again.renewed.is_none(), "once");
    assert!(
        old.compare(presented(PASSWORD), Some(renewed)).await.unwrap().renewed.is_none(),
        "and never for a cheaper one"
    );
}

#[tokio::test]
async fn nobody_has_a_password() {
    assert!(!hasher(&settings()).compare(presented(PASSWORD), None).await.unwrap().matches);
}

#[test]
fn a_stored_hash_that_asks_for_too_much_is_not_run() {
    for (from, to) in [
        ("m=65536", "m=65537"),
        ("t=2", "t=11"),
        ("p=1", "p=5"),
        ("argon2id", "argon2i"),
        ("argon2id", "argon2d"),
        ("v=19", "v=16"),
        ("$v=19", ""),
        ("$c29tZXNhbHQ", ""),
    ] {
        assert!(PasswordHash::from_phc(&VECTOR.replace(from, to)).is_none(), "{from} -> {to}");
    }
    assert!(PasswordHash::from_phc("").is_none());
}

#[test]
fn settings_beyond_the_bounds_do_not_start() {
    let beyond = Settings { hash_memory_kib: 65_537.try_into().unwrap(), ..settings() };
    let below = Settings { hash_memory_kib: 7.try_into().unwrap(), ..settings() };
    assert!(Hasher::start(&beyond, Entropy::seeded(1)).is_err());
    assert!(Hasher::start(&below, Entropy::seeded(1)).is_err());
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let hasher = hasher(&Settings { hash_queue: 1.try_into().unwrap(), ..settings() });
    let mut waiting = Vec::new();
    // One is worked on and one waits, whatever the thread has got to: the third at the latest is refused.
    let refused = (0..3).any(|_| {
        let mut job = Box::pin(hasher.compare(presented(PASSWORD), Some(expensive())));
        let refused = matches!(job.as_mut().now_or_never(), Some(Err(Refused::Busy)));
        waiting.push(job);
        refused
    });
    assert!(refused);
}

#[tokio::test]
async fn whoever_waits_for_more_than_a_second_is_refused() {
    let hasher = hasher(&settings());
    // Forty such jobs take seconds.
    let mut waiting: Vec<_> =
        (0..40).map(|_| Box::pin(hasher.compare(presented(PASSWORD), Some(expensive())))).collect();
    assert!(waiting.iter_mut().all(|job| job.as_mut().now_or_never().is_none()));
    let begun = tokio::time::Instant::now();
    assert!(matches!(hasher.compare(presented(PASSWORD), None).await, Err(Refused::Busy)));
    assert_eq!(begun.elapsed().as_secs(), 1);
}

#[tokio::test]
async fn the_work_of_a_caller_who_went_away_is_skipped() {
    let hasher = hasher(&settings());
    let mut first = Box::pin(hasher.compare(presented(PASSWORD), Some(expensive())));
    assert!(first.as_mut().now_or_never().is_none());
    for _ in 0..40 {
        let mut abandoned = Box::pin(hasher.compare(presented(PASSWORD), Some(expensive())));
        assert!(abandoned.as_mut().now_or_never().is_none());
    }
    // Forty such jobs take seconds; a caller waits for one.
    assert!(first.await.is_ok());
    assert!(hasher.compare(presented(PASSWORD), None).await.is_ok());
}

/// The niceness of the threads of this process that are called `name`: field 19 of proc_pid_stat(5).
#[cfg(target_os = "linux")]
fn niceness_of(name: &str) -> Vec<i32> {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let stat = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("stat")).ok();
    let named = threads.filter_map(Result::ok).filter_map(stat).filter(|stat| stat.contains(&format!("({name})")));
    named.map(|stat| stat.rsplit(") ").next().unwrap().split(' ').nth(16).unwrap().parse().unwrap()).collect()
}

#[cfg(target_os = "linux")]
async fn eventually(holds: impl Fn() -> bool) {
    let poll = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), poll).await.expect("it does not hold in time");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_hashing_threads_yield_to_others_and_end_with_the_last_handle() {
    let own = rustix::process::getpriority_process(None).unwrap();
    let hasher = hasher(&Settings { hash_threads: 9.try_into().ok(), ..settings() });
    eventually(|| niceness_of("argon2-8") == [(own + 10).min(19)]).await;
    assert_eq!(rustix::process::getpriority_process(None).unwrap(), own, "other threads keep theirs");
    let clone = hasher.clone();
    drop(hasher);
    assert!(clone.compare(presented(PASSWORD), None).await.is_ok());
    drop(clone);
    eventually(|| niceness_of("argon2-8").is_empty()).await;
}
