//! One of our own commands in the background, while this one goes on with something else.

use std::{
    env,
    fs::{self, File},
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::Child,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{checkout, process};

/// How long it may take to stop.
const PATIENCE: Duration = Duration::from_secs(5);
/// As much of its output as is shown when it fails.
const LAST_LINES: usize = 30;

/// A command at work; one that is not waited for is stopped.
pub struct Aside {
    command: &'static str,
    child: Child,
    /// Where its output goes.
    pub log: PathBuf,
}

impl Aside {
    /// Begins `cargo xtask COMMAND`, which lets everything else come first.
    pub fn start(command: &'static str) -> Result<Self> {
        fs::create_dir_all(checkout::target())?;
        let log = checkout::target().join(format!("{command}.log"));
        let output = File::create(&log)?;
        let mut program = process::command("nice");
        program
            .args(["-n", "19"])
            .arg(env::current_exe()?)
            .arg(command)
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C reaches this program alone, which then stops that one.
            .process_group(0);
        let child = program
            .spawn()
            .with_context(|| format!("cannot start `cargo xtask {command}`"))?;
        Ok(Self {
            command,
            child,
            log,
        })
    }

    /// Waits until it is done; its last lines are part of the error if it fails.
    pub fn finish(mut self) -> Result<()> {
        if process::wait(&mut self.child)?.success() {
            return Ok(());
        }
        let output = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = output.lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        bail!(
            "{last}\n`cargo xtask {}` failed; all of its output is in {}",
            self.command,
            self.log.display()
        )
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        process::stop_child(&mut self.child, PATIENCE);
    }
}
