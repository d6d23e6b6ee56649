//! Packs the list of addresses that the loader fills in when the program starts: 2 MB of its file
//! become 20 KB, and 5 MiB less of it are resident (docs/adr/0028-memory-by-mimalloc.md).

#![allow(clippy::print_stdout, reason = "how a build script talks to cargo")]

use std::{env, process::Command};

/// The first version of glibc that can unpack it.
const UNPACKS: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|is| is == value);
    let is_deployed = is("PROFILE", "release");
    let is_gnu_linux = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    let runs_here = env::var("HOST") == env::var("TARGET");
    if is_deployed && is_gnu_linux && runs_here && glibc().is_some_and(|found| found >= UNPACKS) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of the C library on this machine.
fn glibc() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let said = String::from_utf8(said.ok()?.stdout).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
