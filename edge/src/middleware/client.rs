//! Where a request comes from, found out once: for the log, for limits, for the list of
//! sessions.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Once,
};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, HeaderName, header};
use orghub::{
    auth::{ClientInfo, DeviceCookie},
    config::Config,
};
use tracing::warn;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client, as far as it can be believed.
pub fn info(headers: &HeaderMap, extensions: &Extensions, config: &Config) -> ClientInfo {
    let peer = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip());
    let forwarded = config
        .trust_forwarded_for
        .then(|| forwarded_for(headers).or_else(warn_once))
        .flatten();
    let user_agent = headers
        .get(header::USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    ClientInfo {
        address: forwarded.or(peer),
        user_agent,
        // Read further in, where cookies of others are left out.
        device: DeviceCookie::default(),
    }
}

/// Then all requests seem to come from the proxy, and share its limits.
fn warn_once() -> Option<IpAddr> {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        warn!(
            "TRUST_FORWARDED_FOR is true, but a request came without a readable \
             X-Forwarded-For: is it our proxy that sends it? Limits by network count such \
             requests as the proxy's own"
        );
    });
    None
}

/// The address our proxy saw. It appends it to what the client claims, so only the last one
/// is the proxy's; what stands before it can be any bytes.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last_header = headers.get_all(FORWARDED_FOR).iter().next_back()?;
    let last = last_header.as_bytes().rsplit(|byte| *byte == b',').next()?;
    let last = std::str::from_utf8(last.trim_ascii()).ok()?;
    // Some proxies add the port, and brackets where the address has colons of its own.
    last.parse()
        .ok()
        .or_else(|| last.parse().ok().map(|address: SocketAddr| address.ip()))
        .or_else(|| last.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn forwarded(values: &[&[u8]]) -> Option<String> {
        let values = values.iter().map(|value| HeaderValue::from_bytes(value));
        let headers = values
            .map(|value| (FORWARDED_FOR, value.expect("bytes a header may have")))
            .collect();
        forwarded_for(&headers).map(|address| address.to_string())
    }

    #[test]
    fn only_the_proxys_address_is_believed() {
        for (values, address) in [
            (&[&b"203.0.113.7"[..]][..], "203.0.113.7"),
            (&[b"10.0.0.1, 203.0.113.7"], "203.0.113.7"),
            (&[b"10.0.0.1", b"203.0.113.7"], "203.0.113.7"),
            (&[b"M\xc3\xbcnchen\xff, 203.0.113.7"], "203.0.113.7"),
            (&[b"203.0.113.7:51234"], "203.0.113.7"),
            (&[b"2001:db8::1"], "2001:db8::1"),
            (&[b"[2001:db8::1]:443"], "2001:db8::1"),
            (&[b"[2001:db8::1]"], "2001:db8::1"),
        ] {
            assert_eq!(forwarded(values).as_deref(), Some(address), "{values:?}");
        }
        for values in [
            &[&b"203.0.113.7, somewhere"[..]][..],
            &[b""],
            &[b"unknown"],
            &[],
        ] {
            assert_eq!(forwarded(values), None, "{values:?}");
        }
    }
}
