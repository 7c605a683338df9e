use std::time::{Duration, Instant};

use auth_service::password::{Hasher, Password, Refused, Settings};
use auth_service::user;
use service_kit::entropy::Entropy;

/// One thread and the least cost that the function takes.
fn hasher() -> Hasher {
    let settings = Settings {
        hash_threads: 1.try_into().ok(),
        hash_queue: 64.try_into().unwrap(),
        hash_memory_kib: 8.try_into().unwrap(),
        hash_passes: 1.try_into().unwrap(),
        hash_lanes: 1.try_into().unwrap(),
    };
    Hasher::start(&settings, Entropy::seeded(1)).unwrap()
}

fn words() -> Vec<String> {
    let email = "liddell@wonderland.example".parse().unwrap();
    user::words(&"Alice_L".parse().unwrap(), &"Alice Pleasance Liddell".parse().unwrap(), Some(&email))
}

async fn is_guessable(hasher: &Hasher, text: &str) -> bool {
    let hash = hasher.hash(Password::chosen(text.to_owned()).unwrap(), words()).await;
    assert!(matches!(hash, Ok(_) | Err(Refused::Guessable)), "{hash:?}");
    hash.is_err()
}

#[tokio::test]
async fn what_many_people_choose_is_refused() {
    let hasher = hasher();
    for text in [
        "aaaaaaaaaaaaaaaaaaaa",
        "passwordpassword1",
        "123456789012345678",
        "qwertyuiopasdfghjkl",
        "p4$$w0rdp4$$w0rd",
        "iloveyouiloveyou",
        "abcabcabcabcabcabc",
    ] {
        assert!(is_guessable(&hasher, text).await, "{text}");
    }
}

#[tokio::test]
async fn the_users_own_words_are_no_password() {
    let hasher = hasher();
    for text in [
        "Alice Pleasance Liddell",
        "LIDDELL@wonderland.example",
        "pleasanceliddell",
        "l1ddellw0nderland",
        "wonderland.example1",
    ] {
        assert!(is_guessable(&hasher, text).await, "{text}");
    }
}

#[tokio::test]
async fn a_few_unusual_words_are_enough_in_every_script() {
    let hasher = hasher();
    for text in [
        "correct horse battery",
        "lantern moss quorum",
        "xK3(v9{Lq[Zt<8$Rw5",
        "сорок тысяч обезьян",
        "天地玄黃宇宙洪荒日月盈昃辰宿列",
    ] {
        assert!(!is_guessable(&hasher, text).await, "{text}");
    }
}

/// The least time of a few that it takes to look at a password.
async fn duration(hasher: &Hasher, text: &str) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..5 {
        let begun = Instant::now();
        is_guessable(hasher, text).await;
        least = least.min(begun.elapsed());
    }
    least
}

#[tokio::test]
async fn no_password_takes_long_to_look_at() {
    let hasher = hasher();
    let repeated = |pattern: &str| pattern.chars().cycle().take(128).collect::<String>();
    // Each made zxcvbn take 0.4 to 1.9 s, or was the worst of some thousand tried.
    let hostile =
        ["4@8({[</\\|$5|!1+7%69&2", "1!|7+$5069&%(@4", "1234567890", "t3t<|sa|tosi.zz-3s444259tl/5b@1osb53t7["];
    let ordinary = duration(&hasher, &repeated("correct horse battery staple")).await;
    for pattern in hostile {
        let hostile = duration(&hasher, &repeated(pattern)).await;
        assert!(hostile < 20 * ordinary.max(Duration::from_millis(2)), "{pattern}: {hostile:?}, not {ordinary:?}");
    }
}
