//! What the program counts, for tests that ask whether something was counted.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

/// The counters of this process, since [`Counters::listen`] was first called.
#[derive(Clone, Default)]
pub struct Counters {
    by_key: Arc<Mutex<HashMap<Key, Arc<AtomicU64>>>>,
}

impl Counters {
    /// Takes the place of the process's recorder of metrics.
    pub fn listen() -> Self {
        static COUNTERS: OnceLock<Counters> = OnceLock::new();
        COUNTERS
            .get_or_init(|| {
                let counters = Self::default();
                metrics::set_global_recorder(counters.clone())
                    .expect("no other recorder in a test");
                counters
            })
            .clone()
    }

    /// The counters named `name` that carry `label`, added up.
    pub fn sum(&self, name: &str, label: (&str, &str)) -> u64 {
        let by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        by_key
            .iter()
            .filter(|(key, _)| key.name() == name)
            .filter(|(key, _)| {
                key.labels()
                    .any(|found| (found.key(), found.value()) == label)
            })
            .map(|(_, count)| count.load(Ordering::Relaxed))
            .sum()
    }

    /// How many look-ups of the cache came to `outcome`.
    pub fn lookups(&self, outcome: &str) -> u64 {
        self.sum("orghub_cache_lookups_total", ("outcome", outcome))
    }

    /// How many copies were there and not used because of `reason`.
    pub fn refused(&self, reason: &str) -> u64 {
        self.sum("orghub_cache_refused_total", ("reason", reason))
    }
}

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        Counter::from_arc(by_key.entry(key.clone()).or_default().clone())
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
