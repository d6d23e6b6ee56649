//! Signing in with others: OpenID Connect, the authorization code flow with PKCE.
//!
//! Three things can be done at a provider: sign in, connect it with the account that is
//! signed in, and prove again who one is. Each is begun here by a form, and comes back here
//! by a redirect:
//!
//! 1. *Begin* (`begin`): a POST, so that no link can make a browser do it. What belongs to
//!    it (state, nonce, the PKCE verifier, where to go on) is kept in the browser's session,
//!    for ten minutes and for one use. A visitor's session gets a new id, so that one that
//!    was planted is not the one that is waited for.
//! 2. *Come back* (`come_back`): the state must be the session's. The code is exchanged for
//!    an ID token over TLS, and the token is verified: signature, issuer, audience, expiry,
//!    nonce (`provider`).
//! 3. *Who it is* is decided by issuer and subject, never by an address. An address only
//!    says that there is an account already: then that account's password connects the two
//!    (`connect`). An address that the provider has not verified says nothing.
//!
//! A provider that hangs, fails or sends rubbish takes nothing from anybody else. Nothing is
//! asked of it before somebody wants to use it, each use ends within five seconds, and few
//! of them run at a time.

mod answer;
mod begin;
mod come_back;
mod connect;
mod disconnect;
mod http;
mod list;
mod pending;
mod person;
mod provider;

use std::{sync::Arc, time::Duration};

pub use self::answer::ProviderAnswer;
use self::{http::ProviderHttp, provider::Provider};
use crate::{
    attempts::Attempts,
    config::{AppEnv, AppUrl, OidcProvider},
    domain::{self, ProviderName},
    error::{Error, Result},
};

/// How often one network may begin in [`WINDOW`]. Each costs a session, and nothing can be
/// guessed by it; an office behind one address stays below.
const BEGUN_PER_NETWORK: u32 = 300;
const WINDOW: Duration = Duration::from_secs(900);

/// The configured providers.
pub struct Providers {
    providers: Vec<Provider>,
    begun: Attempts,
}

impl Providers {
    /// Asks nothing of any of them yet.
    pub fn new(settings: &[OidcProvider], app_url: &AppUrl, app_env: AppEnv) -> Result<Arc<Self>> {
        let http = ProviderHttp::new(app_env);
        let providers = settings
            .iter()
            .map(|settings| Provider::new(settings.clone(), app_url, http.clone()))
            .collect::<Result<_>>()?;
        Ok(Arc::new(Self {
            providers,
            begun: Attempts::new(BEGUN_PER_NETWORK, WINDOW),
        }))
    }

    /// # Errors
    /// [`Error::NotFound`].
    fn get(&self, name: &ProviderName) -> Result<&Provider> {
        let found = self.providers.iter().find(|known| known.name() == name);
        found.ok_or(Error::NotFound)
    }

    fn offered(&self) -> impl Iterator<Item = domain::Provider> {
        self.providers.iter().map(Provider::offered)
    }

    fn find_by_issuer(&self, issuer: &str) -> Option<&Provider> {
        self.providers.iter().find(|known| known.issuer() == issuer)
    }

    /// What people call a provider; its address if it is not configured any more.
    fn label_of(&self, issuer: &str) -> String {
        let found = self.find_by_issuer(issuer).map(Provider::offered);
        found.map_or_else(|| issuer.to_owned(), |offered| offered.label)
    }

    pub(super) fn issuers(&self) -> Vec<String> {
        let issuers = self.providers.iter().map(Provider::issuer);
        issuers.map(str::to_owned).collect()
    }
}
