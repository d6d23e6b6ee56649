//! Ports that stay the same.

use std::fs;

use anyhow::{Context, Result};
use local_services::ports;

/// The loopback port of a private service: chosen once, then remembered, so that an
/// address handed out yesterday is right today.
pub fn of(service: &str) -> Result<u16> {
    known(service)?.map_or_else(|| choose(service), Ok)
}

/// The same, for a service about to start: a port that another program has taken in the
/// meantime is given up.
pub fn claim(service: &str) -> Result<u16> {
    match known(service)? {
        Some(port) if ports::is_free(port) => Ok(port),
        _ => choose(service),
    }
}

fn choose(service: &str) -> Result<u16> {
    let port = ports::free_port()?;
    let path = super::folder()?.join(format!("{service}.port"));
    fs::write(&path, port.to_string())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(port)
}

fn known(service: &str) -> Result<Option<u16>> {
    let path = super::folder()?.join(format!("{service}.port"));
    let text = fs::read_to_string(path).unwrap_or_default();
    Ok(text.trim().parse().ok())
}
