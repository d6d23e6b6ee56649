//! Processes: finding programs, sending signals, waiting.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use nix::{
    errno::Errno,
    sys::signal::{self, Signal},
    unistd::Pid,
};

/// How often a wait looks again.
const POLL: Duration = Duration::from_millis(10);

/// Where a program is, looking along `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// Runs a program quietly and returns what it wrote; its complaint is the error.
///
/// # Errors
/// If it cannot be started, or fails.
pub fn read(command: &mut Command) -> Result<String> {
    let line = line_of(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}` failed: {}", complaint.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What somebody would type to run `command`.
pub fn line_of(command: &Command) -> String {
    let words: Vec<_> = [command.get_program()]
        .into_iter()
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect();
    words.join(" ")
}

/// Waits until something is so, looking again and again.
///
/// # Errors
/// If it is not within `patience`.
pub fn wait_until(what: &str, patience: Duration, so: impl Fn() -> bool) -> Result<()> {
    let deadline = Instant::now() + patience;
    while !so() {
        ensure!(Instant::now() < deadline, "{what}: not within {patience:?}");
        thread::sleep(POLL);
    }
    Ok(())
}

/// Asks a process to end; one that has not within `patience` is ended.
pub fn stop(pid: u32, patience: Duration, mut has_ended: impl FnMut() -> bool) {
    // Gone already is what we want.
    let _ = send(pid, Signal::SIGTERM);
    let deadline = Instant::now() + patience;
    while !has_ended() {
        if Instant::now() >= deadline {
            let _ = send(pid, Signal::SIGKILL);
            return;
        }
        thread::sleep(POLL);
    }
}

/// Keeps a process from doing anything. Its connections stay open: the system accepts
/// and buffers for it.
///
/// # Errors
/// If there is no such process, or it is not ours.
pub fn freeze(pid: u32) -> Result<()> {
    send(pid, Signal::SIGSTOP)
}

/// Lets a frozen process go on.
///
/// # Errors
/// If there is no such process, or it is not ours.
pub fn thaw(pid: u32) -> Result<()> {
    send(pid, Signal::SIGCONT)
}

/// Ends this very process at once, as `kill -9` from elsewhere would.
pub fn kill_myself() -> ! {
    let sent = signal::kill(Pid::this(), Signal::SIGKILL);
    unreachable!("dead by now: {sent:?}")
}

fn send(pid: u32, signal: Signal) -> Result<()> {
    let pid = i32::try_from(pid).map_err(|_overflow| Errno::ESRCH)?;
    signal::kill(Pid::from_raw(pid), signal)
        .with_context(|| format!("cannot send {signal} to process {pid}"))
}

/// The command line of a running process; `None` if there is no such process.
///
/// Ids are used again, so an id read from a file proves nothing until the command line
/// has shown which program it belongs to now.
pub fn command_line(pid: u32) -> Option<String> {
    if Path::new("/proc/self").exists() {
        let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        return Some(String::from_utf8_lossy(&words).replace('\0', " "));
    }
    read(Command::new("ps").args(["-o", "args=", "-p", &pid.to_string()])).ok()
}

/// A child process that is killed when this is dropped.
#[derive(Debug)]
pub struct OwnedProcess {
    child: Child,
}

impl OwnedProcess {
    /// Starts `command`, out of touch with the terminal.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start `{}`", line_of(command)))?;
        Ok(Self { child })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// See [`freeze`].
    ///
    /// # Errors
    /// If it has ended.
    pub fn freeze(&self) -> Result<()> {
        freeze(self.id())
    }

    /// See [`thaw`].
    ///
    /// # Errors
    /// If it has ended.
    pub fn thaw(&self) -> Result<()> {
        thaw(self.id())
    }

    /// Ends it at once, as a crash does, and returns when it is gone.
    pub fn kill(&mut self) {
        // Fails only if it has ended, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for OwnedProcess {
    fn drop(&mut self) {
        self.kill();
    }
}
