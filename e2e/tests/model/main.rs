//! Lists, members and todos against a plain model of them: random histories of a few users, each call answered as the model
//! says, and what everybody sees afterwards as well. A history that goes wrong is made as short as it can be.

mod bench;
mod reference;
mod step;

use proptest::test_runner::Config;
use proptest_state_machine::prop_state_machine;

use crate::bench::Bench;

/// Histories; `MODEL_HISTORIES` asks for more than the few that fit among other tests.
fn histories() -> Config {
    let cases = std::env::var("MODEL_HISTORIES").ok().and_then(|number| number.parse().ok()).unwrap_or(8);
    Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() }
}

prop_state_machine! {
    #![proptest_config(histories())]

    #[test]
    fn lists_members_and_todos_are_as_the_model_says(sequential 1..50 => Bench);
}
