use super::Auth;
use crate::{
    SignedIn, boxed, db,
    domain::{PasskeyId, PasskeyName},
    error::{Error, Result},
    factors::drop_requirement_without_means,
    security_log::SecurityEvent,
    telemetry::SPANS,
};

impl Auth {
    /// # Errors
    /// [`Error::Conflict`] if it is gone, or somebody else's; [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.rename_passkey", skip_all)]
    #[boxed]
    pub async fn rename_passkey(
        &self,
        user: &SignedIn,
        passkey: PasskeyId,
        name: &PasskeyName,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        user.hold(&mut tx, self.clock.now()).await?;
        if !db::passkeys::rename(&mut tx, user.id, passkey, name).await? {
            return Err(gone());
        }
        tx.commit_unannounced().await
    }

    /// Takes a passkey away. If it was the last second factor, signing in takes none any
    /// more.
    ///
    /// # Errors
    /// [`Error::ConfirmFirst`]; [`Error::SignedOut`]; [`Error::Conflict`] if it is gone or
    /// somebody else's, or the only way to sign in.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.remove_passkey", skip_all)]
    #[boxed]
    pub async fn remove_passkey(&self, user: &SignedIn, passkey: PasskeyId) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        // Of two removals at once the second one counts what the first one left.
        db::users::lock(&mut tx, user.id).await?;
        user.hold_confirmed(&mut tx, now).await?;
        if !db::passkeys::delete(&mut tx, user.id, passkey).await? {
            return Err(gone());
        }
        self.keep_a_way_in(&mut tx, user.id).await?;
        drop_requirement_without_means(&mut tx, user.id).await?;
        let what = "One of your passkeys was removed.".to_owned();
        self.tell_of_change(&mut tx, user, what).await?;
        self.cache.commit(tx, &[]).await?;
        SecurityEvent::PasskeyRemoved(user.id).record();
        Ok(())
    }
}

fn gone() -> Error {
    Error::refused("This passkey is gone already.")
}
