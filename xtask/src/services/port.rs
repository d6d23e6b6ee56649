//! Ports that stay the same.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use anyhow::{Context, Result};

/// The loopback port of a private service: chosen once, then remembered, so
/// that an address handed out yesterday is right today.
pub fn of(service: &str) -> Result<u16> {
    known(service)?.map_or_else(|| choose(service), Ok)
}

/// The same, for a service about to start: a port that another program has
/// taken in the meantime is given up.
pub fn claim(service: &str) -> Result<u16> {
    match known(service)? {
        Some(port) if is_free(port) => Ok(port),
        _ => choose(service),
    }
}

fn choose(service: &str) -> Result<u16> {
    let port = free()?;
    let path = file(service)?;
    fs::write(&path, port.to_string())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(port)
}

fn known(service: &str) -> Result<Option<u16>> {
    let text = fs::read_to_string(file(service)?).unwrap_or_default();
    Ok(text.trim().parse().ok())
}

fn file(service: &str) -> Result<PathBuf> {
    Ok(super::folder()?.join(format!("{service}.port")))
}

/// A loopback port nobody listens on.
pub fn free() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

/// Whether nobody listens on this loopback port.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
