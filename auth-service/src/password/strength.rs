//! Whether a password that somebody chooses is easy to guess (zxcvbn), with the user's own words in mind.

use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

use super::Password;

/// The least score: 10^8 guesses and more, which the throttle and the cost of a hash make unaffordable.
const LEAST: Score = Score::Three;
/// How many code points are looked at. The work grows with the square; of so many it is no more than that of a hash.
const LOOKED_AT: usize = 64;
/// Characters that stand for one letter. Any two of the same group multiply the readings that zxcvbn tries: 32
/// characters took 0.2 s, 128 took 1.5 s. So each is read as the first of its group that the password has.
const GROUPS: [&str; 5] = ["({[<", "4@", "1!|", "5$", "7+"];

/// Whether few guesses find the password, by somebody who knows these words of its user.
pub(super) fn is_guessable(password: &Password, words: &[String]) -> bool {
    let text: Zeroizing<String> = Zeroizing::new(password.0.chars().take(LOOKED_AT).collect());
    let plain: Zeroizing<String> = Zeroizing::new(text.chars().map(|c| one_of_its_group(c, &text)).collect());
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    zxcvbn(&plain, &words).score() < LEAST
}

fn one_of_its_group(c: char, text: &str) -> char {
    let group = GROUPS.iter().find(|group| group.contains(c));
    group.and_then(|group| group.chars().find(|member| text.contains(*member))).unwrap_or(c)
}
