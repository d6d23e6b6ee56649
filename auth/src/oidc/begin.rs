use tower_sessions::Session;

use super::pending::{PendingReturn, Purpose};
use crate::{
    Auth, ClientInfo, SignedIn, boxed, domain::ProviderName, error::Result, telemetry::SPANS,
};

impl Auth {
    /// Begins signing in with a provider, whoever uses the browser now. The page
    /// [`crate::routes::ProviderPage::Leave`] sends it on; `next`, a path of ours, is where it
    /// goes afterwards.
    ///
    /// # Errors
    /// [`crate::error::Error::NotFound`] if there is no such provider;
    /// [`crate::error::Error::Provider`] if it is away;
    /// [`crate::error::Error::RateLimited`] if too many began from this network.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.begin_with_provider", skip_all)]
    #[boxed]
    pub async fn begin_with_provider(
        &self,
        session: &Session,
        user: Option<&SignedIn>,
        provider: &ProviderName,
        next: &str,
        client: &ClientInfo,
    ) -> Result<()> {
        self.begin(session, user, provider, Purpose::SignIn, next, client)
            .await
    }

    /// Begins connecting a provider with the user's account.
    ///
    /// # Errors
    /// As [`Self::begin_with_provider`]; [`crate::error::Error::ConfirmFirst`], because from
    /// then on it lets somebody in; [`crate::error::Error::VerifyFirst`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.begin_connecting", skip_all)]
    #[boxed]
    pub async fn begin_connecting(
        &self,
        session: &Session,
        user: &SignedIn,
        provider: &ProviderName,
        next: &str,
        client: &ClientInfo,
    ) -> Result<()> {
        self.providers.get(provider)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        user.hold_confirmed(&mut tx, now).await?;
        // Whoever made an account with somebody's address must have no way into it that
        // outlives the owner's new password.
        user.hold_verified(&mut tx, now).await?;
        drop(tx);
        let purpose = Purpose::Connect(user.id);
        self.begin(session, Some(user), provider, purpose, next, client)
            .await
    }

    /// Begins proving at a connected provider that it is the user who asks.
    ///
    /// # Errors
    /// As [`Self::begin_with_provider`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.begin_confirming", skip_all)]
    #[boxed]
    pub async fn begin_confirming(
        &self,
        session: &Session,
        user: &SignedIn,
        provider: &ProviderName,
        next: &str,
        client: &ClientInfo,
    ) -> Result<()> {
        let purpose = Purpose::Confirm(user.id);
        self.begin(session, Some(user), provider, purpose, next, client)
            .await
    }

    async fn begin(
        &self,
        session: &Session,
        user: Option<&SignedIn>,
        provider: &ProviderName,
        purpose: Purpose,
        next: &str,
        client: &ClientInfo,
    ) -> Result<()> {
        let now = self.clock.now();
        let asked = self.providers.get(provider)?;
        self.providers.begun.begin(client.network(), now)?;
        let question = asked
            .ask(matches!(purpose, Purpose::Confirm(_)), now)
            .await?;
        PendingReturn::new(provider, purpose, question, next, now)
            .keep(session, user)
            .await
    }

    /// Where to send a browser that has begun; `None`: it has not, or too long ago.
    ///
    /// # Errors
    /// [`crate::error::Error::NotFound`] if there is no such provider.
    pub async fn find_provider_address(
        &self,
        session: &Session,
        provider: &ProviderName,
    ) -> Result<Option<String>> {
        self.providers.get(provider)?;
        let found = PendingReturn::find(session, provider, self.clock.now()).await?;
        Ok(found.map(|pending| pending.address))
    }
}
