//! Named steps: announced before they start, summed up in a table at the end.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use crate::process;

/// What a step is called, what it does and how long that usually takes on two cores.
pub struct Step {
    pub name: &'static str,
    pub what: &'static str,
    pub usually: &'static str,
}

/// Runs a command made of steps and prints the table, whatever came of it.
pub fn report<T>(work: impl FnOnce(&mut Steps) -> Result<T>) -> Result<T> {
    let mut steps = Steps::default();
    let outcome = work(&mut steps);
    if !steps.taken.is_empty() {
        eprint!("{}", steps.table());
    }
    let outcome = outcome?;
    let failed: Vec<_> = steps
        .taken
        .iter()
        .filter(|step| !step.passed)
        .map(|step| step.name)
        .collect();
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(outcome)
}

/// The steps taken so far, with their durations and outcomes.
#[derive(Default)]
pub struct Steps {
    taken: Vec<Taken>,
}

struct Taken {
    name: &'static str,
    duration: Duration,
    passed: bool,
}

impl Steps {
    /// Takes a step that the following ones need: its failure is the caller's.
    pub fn take<T>(&mut self, step: &Step, work: impl FnOnce() -> Result<T>) -> Result<T> {
        eprintln!(
            "\n==> {}: {} (usually {})",
            step.name, step.what, step.usually
        );
        let start = Instant::now();
        let outcome = work();
        self.taken.push(Taken {
            name: step.name,
            duration: start.elapsed(),
            passed: outcome.is_ok(),
        });
        outcome
    }

    /// Takes a step on which no other depends: its failure is noted and the
    /// rest still runs, so that one run shows all that is wrong.
    pub fn attempt(&mut self, step: &Step, work: impl FnOnce() -> Result<()>) {
        if process::is_interrupted() {
            return;
        }
        if let Err(error) = self.take(step, work) {
            eprintln!("\nerror: {}: {error:#}", step.name);
        }
    }

    /// Takes a step of set-up, unless its result is there already.
    pub fn ensure(
        &mut self,
        step: &Step,
        is_there: impl Fn() -> bool,
        install: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        if is_there() {
            return Ok(());
        }
        self.take(step, || {
            install()?;
            ensure!(
                is_there(),
                "{} was installed but still cannot be used",
                step.name
            );
            Ok(())
        })
    }

    fn table(&self) -> String {
        let mut table = String::from("\n  seconds  step\n");
        let mut row = |seconds: f64, name: &str| {
            writeln!(table, "{seconds:>9.1}  {name}").expect("writing to a string cannot fail");
        };
        for step in &self.taken {
            let verdict = if step.passed { "" } else { " (FAILED)" };
            row(
                step.duration.as_secs_f64(),
                &format!("{}{verdict}", step.name),
            );
        }
        let total: Duration = self.taken.iter().map(|step| step.duration).sum();
        row(total.as_secs_f64(), "all");
        table
    }
}
