//! What the program counts, for tests that ask whether something was counted.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock},
};

use metrics::Key;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

/// The counters of this process, since [`Counters::listen`] was first called.
pub struct Counters {
    recorder: Snapshotter,
    /// A snapshot sets counters back to zero, so they are added up here.
    totals: Mutex<HashMap<Key, u64>>,
}

impl Counters {
    /// Takes the place of the process's recorder of metrics.
    pub fn listen() -> &'static Self {
        static COUNTERS: OnceLock<Counters> = OnceLock::new();
        COUNTERS.get_or_init(|| {
            let recorder = DebuggingRecorder::new();
            let counters = Self {
                recorder: recorder.snapshotter(),
                totals: Mutex::default(),
            };
            recorder.install().expect("no other recorder in a test");
            counters
        })
    }

    /// The counters named `name` that carry `label`, added up.
    pub fn sum(&self, name: &str, label: (&str, &str)) -> u64 {
        let mut totals = self.totals.lock().expect("nobody panicked while counting");
        for (key, _, _, value) in self.recorder.snapshot().into_vec() {
            if let DebugValue::Counter(more) = value {
                *totals.entry(key.into_parts().1).or_default() += more;
            }
        }
        let carries = |key: &Key| {
            let mut labels = key.labels();
            labels.any(|found| (found.key(), found.value()) == label)
        };
        totals
            .iter()
            .filter(|(key, _)| key.name() == name && carries(key))
            .map(|(_, count)| count)
            .sum()
    }

    /// How many look-ups of the cache came to `outcome`.
    pub fn lookups(&self, outcome: &str) -> u64 {
        self.sum("orghub_cache_lookups_total", ("outcome", outcome))
    }

    /// How many entries were there and not used because of `reason`.
    pub fn rejected(&self, reason: &str) -> u64 {
        self.sum("orghub_cache_rejected_total", ("reason", reason))
    }
}
