//! Running other programs.
//!
//! Ctrl-C and SIGTERM set a flag instead of ending this program, and every wait
//! watches the flag. So an interrupted command returns an error like any other
//! failure, and what it had started is stopped by the destructors on the way out.

use std::{
    env,
    ffi::OsStr,
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
pub use local_services::process::{find, read};
use local_services::process::{line_of, stop};

use crate::{checkout, setup};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How often a wait looks again: soon enough to feel immediate, rare enough to cost nothing.
const POLL: Duration = Duration::from_millis(50);

/// From now on Ctrl-C and SIGTERM raise the flag.
pub fn watch_for_interrupts() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))
        .context("cannot listen for Ctrl-C")
}

/// Whether someone asked to stop.
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Sleeps a moment in a waiting loop, and fails if someone asked to stop.
pub fn pause() -> Result<()> {
    thread::sleep(POLL);
    ensure!(!is_interrupted(), "interrupted");
    Ok(())
}

/// A program run in the root of the checkout, without the traces that `cargo run`
/// leaves in the environment.
///
/// An inherited `CARGO` is believed by every cargo below. The description of our own
/// package would be taken for a change by build scripts that watch it (ring's does),
/// and everything above them be compiled again at each change from plain cargo to here
/// and back.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(checkout::root()).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let is_trace = text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_");
        if is_trace || text == "CARGO" {
            command.env_remove(&name);
        }
    }
    setup::offer_standard_library(&mut command);
    command
}

/// `cargo` with these arguments, separated by blanks.
pub fn cargo(arguments: &str) -> Command {
    let mut cargo = command("cargo");
    cargo.args(arguments.split_whitespace());
    cargo
}

/// Runs the program, its output visible, until it ends; anything but success is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let line = line_of(command);
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    let status = wait(&mut child)?;
    ensure!(status.success(), "`{line}` failed ({status})");
    Ok(())
}

/// Runs the program quietly and tells whether it succeeded. One that cannot be started did not.
pub fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Waits until a child has ended; it is stopped when someone asks to stop.
pub fn wait(child: &mut Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if let Err(interrupted) = pause() {
            stop_child(child, Duration::from_secs(5));
            return Err(interrupted);
        }
    }
}

/// Ends a child and collects it.
///
/// Does not look for interruptions: stopping is what follows one.
pub fn stop_child(child: &mut Child, patience: Duration) {
    // One that was waited for has no number any more: it may be somebody else's.
    if !matches!(child.try_wait(), Ok(None)) {
        return;
    }
    let id = child.id();
    stop(id, patience, || !matches!(child.try_wait(), Ok(None)));
    // An error can only mean that it has been collected already.
    let _ = child.wait();
}
