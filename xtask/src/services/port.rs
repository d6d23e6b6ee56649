//! Ports that stay the same.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

/// The loopback port of a service: chosen once, then remembered, so that an
/// address handed out yesterday is right today.
///
/// A port that another program has taken in the meantime is given up. Ask
/// whether it `is_ours` first: the service itself, while it runs, has it too.
pub fn remembered(service: &str, is_ours: impl Fn(u16) -> bool) -> Result<u16> {
    let path = super::folder()?.join(format!("{service}.port"));
    let known = fs::read_to_string(&path)
        .ok()
        .and_then(|text| text.trim().parse().ok());
    if let Some(port) = known
        && (is_ours(port) || is_free(port))
    {
        return Ok(port);
    }
    let port = free()?;
    fs::write(&path, port.to_string())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(port)
}

/// A port nobody listens on.
pub fn free() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

/// Whether nobody listens on this port.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
