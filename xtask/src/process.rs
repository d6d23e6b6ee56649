//! Running other programs.
//!
//! Ctrl-C and SIGTERM set a flag instead of ending this program, and every wait
//! watches the flag. So an interrupted command returns an error like any other
//! failure, and what it had started is stopped by the destructors on the way out.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use crate::checkout;

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

/// One turn of a waiting loop: sleeps a moment, and fails if someone asked to stop.
pub fn pause() -> Result<()> {
    thread::sleep(POLL);
    ensure!(!is_interrupted(), "interrupted");
    Ok(())
}

/// A program run in the root of the checkout, without the traces `cargo run`
/// leaves in the environment.
///
/// rustup passes its choice of toolchain on as `RUSTUP_TOOLCHAIN`, which would
/// hide the one that set-up chose for this checkout, and an inherited `CARGO`
/// is believed by every cargo below. The description of our own package would
/// be taken for a change by build scripts that watch it (ring's does), and
/// everything above them be compiled again at each turn from plain cargo to here
/// and back.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(checkout::root()).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let is_trace = text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_");
        if is_trace || text == "CARGO" || text == "RUSTUP_TOOLCHAIN" {
            command.env_remove(&name);
        }
    }
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

/// Runs the program quietly and returns what it wrote.
pub fn read(command: &mut Command) -> Result<String> {
    let line = line_of(command);
    let output = command
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}` failed: {}", complaint.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn wait(child: &mut Child) -> Result<ExitStatus> {
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

/// Waits until something is so, looking again and again.
///
/// Does not look for interruptions: it is for what is about to happen anyway
/// and could not be stopped cleanly before it has.
pub fn wait_until(patience: Duration, so: impl Fn() -> bool) -> Result<()> {
    let deadline = Instant::now() + patience;
    while !so() {
        ensure!(
            Instant::now() < deadline,
            "gave up after {} seconds",
            patience.as_secs()
        );
        thread::sleep(POLL);
    }
    Ok(())
}

/// Ends a child and collects it.
pub fn stop_child(child: &mut Child, patience: Duration) {
    let id = child.id();
    stop(id, patience, || !matches!(child.try_wait(), Ok(None)));
    // An error can only mean that it has been collected already.
    let _ = child.wait();
}

/// Asks a process to end; one that has not within `patience` is ended.
///
/// Does not look for interruptions: stopping is what follows one.
pub fn stop(pid: u32, patience: Duration, mut has_ended: impl FnMut() -> bool) {
    send(pid, Signal::SIGTERM);
    let deadline = Instant::now() + patience;
    while !has_ended() {
        if Instant::now() >= deadline {
            return send(pid, Signal::SIGKILL);
        }
        thread::sleep(POLL);
    }
}

/// Sends a signal. That the process is gone already is no error: it is what we want.
fn send(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        let _ = signal::kill(Pid::from_raw(pid), signal);
    }
}

/// The command line of a running process; `None` if there is no such process.
///
/// Ids are used again, so an id read from a file proves nothing until the
/// command line has shown which program it belongs to now.
pub fn command_line_of(pid: u32) -> Option<String> {
    if Path::new("/proc/self").exists() {
        let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        return Some(String::from_utf8_lossy(&words).replace('\0', " "));
    }
    read(command("ps").args(["-o", "args=", "-p", &pid.to_string()])).ok()
}

/// Where a program is, looking along `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

fn line_of(command: &Command) -> String {
    let words: Vec<_> = [command.get_program()]
        .into_iter()
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect();
    words.join(" ")
}
