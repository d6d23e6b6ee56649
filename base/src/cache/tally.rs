//! How often each family was looked up, and what became of it, since this process started:
//! what the metrics count, kept where a page can read it. One relaxed addition a look-up.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{keys::FAMILIES, query::Family};
use crate::domain::platform::FamilyStatus;

/// All outcomes of a look-up, as the metrics name them.
pub(super) const OUTCOMES: [&str; 7] = [
    "near_hit",
    "offered",
    "redis_hit",
    "joined",
    "fill",
    "bypass",
    "prefetched",
];

/// One row a family, in the order of [`FAMILIES`].
#[derive(Debug, Default)]
pub(super) struct Tally([[AtomicU64; OUTCOMES.len()]; FAMILIES.len()]);

impl Tally {
    pub(super) fn add(&self, family: Family, outcome: &'static str) {
        let row = FAMILIES.iter().position(|known| known.name == family.name);
        let column = OUTCOMES.iter().position(|known| *known == outcome);
        if let (Some(row), Some(column)) = (row, column) {
            self.0[row][column].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self) -> Vec<FamilyStatus> {
        let status = |(family, row): (&Family, &[AtomicU64; OUTCOMES.len()])| FamilyStatus {
            name: family.name,
            outcomes: OUTCOMES
                .into_iter()
                .zip(row.iter().map(|count| count.load(Ordering::Relaxed)))
                .collect(),
        };
        FAMILIES.iter().zip(&self.0).map(status).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_of_each_family_is_counted_for_itself() {
        let tally = Tally::default();
        tally.add(FAMILIES[1], "fill");
        tally.add(FAMILIES[1], "fill");
        tally.add(FAMILIES[0], "near_hit");
        let read = tally.read();
        assert_eq!(read.len(), FAMILIES.len());
        let of = |family: usize, outcome: &str| {
            let found = read[family]
                .outcomes
                .iter()
                .find(|(name, _)| *name == outcome);
            found.map(|(_, count)| *count)
        };
        assert_eq!(of(1, "fill"), Some(2));
        assert_eq!(of(0, "near_hit"), Some(1));
        assert_eq!(of(0, "fill"), Some(0));
    }
}
