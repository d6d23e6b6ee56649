use std::net::IpAddr;

use url::{Host, Url};
use webauthn_rp::request::{
    AsciiDomain, RpId,
    auth::{AuthenticationVerificationOptions, SignatureCounterEnforcement},
    register::RegistrationVerificationOptions,
};

use crate::config::AppUrl;

/// The site, as passkeys know it: they are made for its host, and answers must come from
/// its origin.
pub(super) struct RelyingParty {
    pub(super) id: RpId,
    /// What browsers may call the page that asked.
    origins: Vec<String>,
}

impl RelyingParty {
    /// `None`: the address is a number, for which browsers make no passkeys. A developer's
    /// own machine has a name, too: its passkeys work at `localhost`.
    pub(super) fn of(app_url: &AppUrl) -> Option<Self> {
        let mut url = Url::parse(app_url).ok()?;
        let is_loopback = match url.host()? {
            Host::Domain(_) => false,
            Host::Ipv4(address) => IpAddr::from(address).is_loopback(),
            Host::Ipv6(address) => IpAddr::from(address).is_loopback(),
        };
        if is_loopback {
            url.set_host(Some("localhost")).ok()?;
        }
        let domain = url.domain()?.to_owned();
        Some(Self {
            id: RpId::Domain(AsciiDomain::try_from(domain).ok()?),
            origins: vec![url.origin().ascii_serialization()],
        })
    }

    pub(super) fn registration_options(
        &self,
    ) -> RegistrationVerificationOptions<'_, 'static, String, String> {
        RegistrationVerificationOptions {
            allowed_origins: &self.origins,
            // Password managers report more than they were asked for.
            error_on_unsolicited_extensions: false,
            ..Default::default()
        }
    }

    /// A counter that does not rise fails: there is a copy of the key.
    pub(super) fn authentication_options(
        &self,
    ) -> AuthenticationVerificationOptions<'_, 'static, String, String> {
        AuthenticationVerificationOptions {
            allowed_origins: &self.origins,
            error_on_unsolicited_extensions: false,
            update_uv: true,
            sig_counter_enforcement: SignatureCounterEnforcement::Fail,
            ..Default::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AppEnv;

    fn party(app_url: &str) -> Option<(String, Vec<String>)> {
        let app_url = AppUrl::parse(app_url, AppEnv::Development).expect("an address");
        let party = RelyingParty::of(&app_url)?;
        Some((party.id.as_ref().to_owned(), party.origins))
    }

    #[test]
    fn passkeys_belong_to_the_sites_host_and_come_from_its_origin() {
        for (app_url, id, origin) in [
            ("https://app.test", "app.test", "https://app.test"),
            (
                "https://app.test:8443/",
                "app.test",
                "https://app.test:8443",
            ),
            (
                "http://localhost:3000",
                "localhost",
                "http://localhost:3000",
            ),
            (
                "http://127.0.0.1:3000",
                "localhost",
                "http://localhost:3000",
            ),
            ("http://[::1]:3000", "localhost", "http://localhost:3000"),
        ] {
            let expected = Some((id.to_owned(), vec![origin.to_owned()]));
            assert_eq!(party(app_url), expected, "{app_url}");
        }
        assert_eq!(party("https://192.0.2.7"), None);
    }
}
