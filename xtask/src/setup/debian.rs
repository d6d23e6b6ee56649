//! Installing with Debian's package manager.

use std::{process::Command, sync::Once};

use anyhow::{Context, Result, ensure};
use nix::unistd::Uid;

use crate::process;

/// Whether this machine has Debian's package manager.
pub fn is_here() -> bool {
    process::find("apt-get").is_some()
}

/// Installs packages. On other systems: says what to install by hand.
pub fn install(packages: &[&str], by_hand: &str) -> Result<()> {
    ensure!(is_here(), "please install {by_hand}, then run this again");
    static LISTS: Once = Once::new();
    // Stale lists name files that the mirror has since replaced. If the lists
    // cannot be had, the installation below says so better than we could.
    LISTS.call_once(|| {
        let _ = process::run(as_root("apt-get").args(["update", "-qq"]));
    });
    let mut install = as_root("env");
    install
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "install"])
        .args(["--yes", "--quiet", "--no-install-recommends"])
        .args(packages);
    process::run(&mut install).with_context(|| {
        format!(
            "cannot install {}: {by_hand} can also be installed by hand",
            packages.join(" ")
        )
    })
}

/// A program run as root: directly if we are, through `sudo` if not.
pub fn as_root(program: &str) -> Command {
    if Uid::effective().is_root() {
        return process::command(program);
    }
    let mut sudo = process::command("sudo");
    sudo.arg(program);
    sudo
}
