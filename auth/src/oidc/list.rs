use crate::{
    Auth, boxed, db,
    domain::{ConnectedProvider, CurrentUser, Provider, ProviderName, UserProviders},
    error::Result,
    telemetry::SPANS,
};

impl Auth {
    /// The providers that anybody can sign in with.
    pub fn list_providers(&self) -> Vec<Provider> {
        self.providers.offered().collect()
    }

    pub fn find_provider(&self, name: &ProviderName) -> Option<Provider> {
        let found = self.providers.get(name).ok()?;
        Some(found.offered())
    }

    /// The providers that the user has connected, and the others.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.list_user_providers", skip_all)]
    #[boxed]
    pub async fn list_user_providers(&self, user: &CurrentUser) -> Result<UserProviders> {
        let identities = db::identities::list_of(&self.db.reader(), user.id).await?;
        let connected: Vec<_> = identities
            .into_iter()
            .map(|identity| {
                let known = self.providers.find_by_issuer(&identity.issuer);
                ConnectedProvider {
                    id: identity.id,
                    label: self.providers.label_of(&identity.issuer),
                    provider: known.map(|known| known.offered()),
                    email: identity.email,
                    last_used_at: identity.last_used_at,
                }
            })
            .collect();
        let is_connected = |offered: &Provider| {
            let mut providers = connected.iter().filter_map(|one| one.provider.as_ref());
            providers.any(|provider| provider.name == offered.name)
        };
        let others = self.providers.offered();
        let others = others.filter(|offered| !is_connected(offered)).collect();
        Ok(UserProviders { connected, others })
    }
}
