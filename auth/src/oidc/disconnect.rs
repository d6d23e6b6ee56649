use crate::{
    Auth, SignedIn, boxed, db,
    domain::IdentityId,
    error::{Error, Result},
    letters,
    security_log::SecurityEvent,
    telemetry::SPANS,
};

impl Auth {
    /// Disconnects a provider from the user's account.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is not connected; [`Error::Conflict`] if there is no other
    /// way in; [`Error::ConfirmFirst`]; [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.disconnect_provider", skip_all)]
    #[boxed]
    pub async fn disconnect_provider(&self, user: &SignedIn, id: IdentityId) -> Result<()> {
        let mut tx = self.db.begin().await?;
        // Two at once would each leave the other's.
        db::users::lock(&mut tx, user.id).await?;
        let name = user.hold_confirmed(&mut tx, self.clock.now()).await?;
        let deleted = db::identities::delete(&mut tx, user.id, id).await?;
        let issuer = deleted.ok_or(Error::NotFound)?;
        self.keep_a_way_in(&mut tx, user.id).await?;
        let letter = letters::provider_disconnected(&name, &self.providers.label_of(&issuer));
        self.mail.post(&mut tx, &user.email, &letter).await?;
        // No page keeps identities.
        tx.commit_unannounced().await?;
        SecurityEvent::ProviderDisconnected(user.id).record();
        Ok(())
    }
}
