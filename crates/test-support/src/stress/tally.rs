//! What was done and found.

use std::{
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use super::Scale;

/// Violations that are told in words.
const TOLD: usize = 5;

#[derive(Debug)]
pub struct Tally {
    nodes: usize,
    scale: Scale,
    pub(super) reads: AtomicU64,
    /// Reads and writes that were told to come back: neither right nor wrong.
    refused: AtomicU64,
    pub(super) fills: AtomicU64,
    pub(super) mutations: AtomicU64,
    pub(super) stalls: AtomicU64,
    pub(super) stalls_past_the_lease: AtomicU64,
    violations: AtomicU64,
    first_violations: Mutex<Vec<String>>,
}

impl Tally {
    pub(super) fn new(nodes: usize, scale: Scale) -> Self {
        Self {
            nodes,
            scale,
            reads: AtomicU64::default(),
            refused: AtomicU64::default(),
            fills: AtomicU64::default(),
            mutations: AtomicU64::default(),
            stalls: AtomicU64::default(),
            stalls_past_the_lease: AtomicU64::default(),
            violations: AtomicU64::default(),
            first_violations: Mutex::default(),
        }
    }

    pub fn violations(&self) -> u64 {
        self.violations.load(SeqCst)
    }

    /// Whether so much was done that `seconds` without a violation mean something.
    pub fn is_telling(&self, seconds: u64) -> bool {
        let count = |counter: &AtomicU64| counter.load(SeqCst);
        count(&self.mutations) > seconds
            && count(&self.reads) > self.scale.reads * seconds
            && count(&self.fills) > seconds
            && count(&self.stalls) >= seconds / 10
    }

    pub(super) fn note_refusal(&self) {
        self.refused.fetch_add(1, SeqCst);
    }

    pub(super) fn note_violation(&self, violation: String) {
        self.violations.fetch_add(1, SeqCst);
        let mut first = self.first_violations.lock().expect("no panic");
        if first.len() < TOLD {
            first.push(violation);
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |counter: &AtomicU64| counter.load(SeqCst);
        write!(
            f,
            "{} nodes, {} reads, {} fills, {} mutations, {} stalls ({} past the lease), {} refused, \
             {} violations",
            self.nodes,
            count(&self.reads),
            count(&self.fills),
            count(&self.mutations),
            count(&self.stalls),
            count(&self.stalls_past_the_lease),
            count(&self.refused),
            self.violations(),
        )?;
        for violation in self.first_violations.lock().expect("no panic").iter() {
            write!(f, "\n  {violation}")?;
        }
        Ok(())
    }
}
