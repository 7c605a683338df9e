//! One of the writers.

use std::sync::Arc;

use crate::dice::Dice;
use crate::scene::Scene;

/// What each of them writes: some ten seconds on two cores.
const WRITES: usize = 150;

/// Writes todos to all lists, and changes its own.
pub(crate) async fn write(scene: Arc<Scene>, number: usize) -> usize {
    let (dice, mut user) = (Dice::seeded(number as u64), scene.user(number));
    let mut mine: Vec<String> = Vec::new();
    for round in 0..WRITES {
        // So many that a list is more than one page of a watch.
        if mine.is_empty() || dice.percent(70) {
            let list = &scene.lists()[dice.below(scene.lists().len())];
            mine.push(user.todo(list, &format!("{number}.{round}")).await.name);
            continue;
        }
        let place = dice.below(mine.len());
        let name = mine[place].clone();
        match dice.below(100) {
            0..35 => drop(user.complete(&name, "").await.unwrap()),
            35..60 => drop(user.reopen(&name, "").await.unwrap()),
            _ => {
                user.delete(&name, "").await.unwrap();
                mine.swap_remove(place);
            }
        }
    }
    WRITES
}
