use crate::{Auth, SignedIn, boxed, db, error::Result, telemetry::SPANS};

/// Everything that is kept about a user, as the text of a JSON object.
#[derive(Clone, Debug)]
pub struct AccountExport(pub String);

impl Auth {
    /// What is kept about the user, for them to take along: the account, its memberships,
    /// sessions, providers of sign-in, and what they did in organizations. Secrets are not among it.
    ///
    /// # Errors
    /// [`crate::error::Error::SignedOut`] if the session has ended, whatever the cache says.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.export", skip_all)]
    #[boxed]
    pub async fn export(&self, user: &SignedIn) -> Result<AccountExport> {
        let mut tx = self.db.begin().await?;
        user.hold(&mut tx, self.clock.now()).await?;
        let json = db::users::export(&mut tx, user.id).await?;
        tx.commit_unannounced().await?;
        Ok(AccountExport(json))
    }
}
