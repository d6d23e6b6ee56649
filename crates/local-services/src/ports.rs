//! Ports on loopback.

use std::{
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    ops::Range,
    time::Duration,
};

use anyhow::{Context, Result};

/// Where [`free_port`] looks: below the ports that outgoing connections are given, or any
/// of those could take a port between its being found free and its being used.
const RANGE: Range<u16> = 15_000..30_000;

/// A port on which nobody listens.
///
/// Nothing keeps it free: whoever starts a server there must be ready to try another.
///
/// # Errors
/// If there is none.
pub fn free_port() -> Result<u16> {
    let count = RANGE.end - RANGE.start;
    // Programs that look at the same time begin in different places.
    let first = RandomState::new().hash_one(()) % u64::from(count);
    let first = u16::try_from(first).context("a port is a small number")?;
    (0..count)
        .map(|offset| RANGE.start + (first + offset) % count)
        .find(|port| is_free(*port))
        .with_context(|| format!("no port of {RANGE:?} is free"))
}

/// Whether nobody listens on this port.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Whether somebody accepts connections on this port.
pub fn is_open(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_free() {
        let port = free_port().expect("a port is free");
        assert!(is_free(port) && !is_open(port));
    }

    #[test]
    fn a_port_somebody_listens_on_is_open_and_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        assert!(is_open(port) && !is_free(port));
    }
}
