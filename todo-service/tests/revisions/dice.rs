//! Chance, the same for the same seed.

use service_kit::entropy::Entropy;

pub(crate) struct Dice(Entropy);

impl Dice {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Entropy::seeded(seed))
    }

    /// Less than `bound`.
    pub(crate) fn below(&self, bound: usize) -> usize {
        u32::from_be_bytes(self.0.bytes()) as usize % bound
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn pick<T: Copy>(&self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub(crate) fn id(&self) -> uuid::Uuid {
        uuid::Uuid::from_bytes(self.0.bytes())
    }
}
