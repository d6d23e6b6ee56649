//! Where requests come from.

use std::net::{IpAddr, Ipv6Addr};

use super::DeviceCookie;

/// Where a request comes from, as far as it says.
#[derive(Clone, Debug, Default)]
pub struct ClientInfo {
    /// The network address: the peer's, or what a trusted proxy says it is.
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
    /// The accounts that have signed in on it before.
    pub device: DeviceCookie,
}

impl ClientInfo {
    /// In characters.
    const MAX_USER_AGENT: usize = 256;

    /// The user agent, fit to be stored and shown.
    pub(super) fn stored_user_agent(&self) -> Option<String> {
        let text = self.user_agent.as_deref()?;
        Some(
            text.chars()
                .filter(|c| !c.is_control())
                .take(Self::MAX_USER_AGENT)
                .collect(),
        )
    }

    /// The network that identifies a client: one IPv4 address, or the 64 bits of an IPv6
    /// address that a household gets, all of whose addresses it can use.
    pub(super) fn network(&self) -> Option<IpAddr> {
        Some(match self.address?.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            address => address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> String {
        let address = address.parse().expect("an address");
        ClientInfo {
            address: Some(address),
            ..ClientInfo::default()
        }
        .network()
        .expect("an address was given")
        .to_string()
    }

    #[test]
    fn a_household_is_one_client() {
        assert_eq!(
            network("2001:db8:1:2:3:4:5:6"),
            network("2001:db8:1:2:ffff::1")
        );
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
