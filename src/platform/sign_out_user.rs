use super::{Platform, PlatformAdmin};
use crate::{
    boxed, db,
    domain::{PlatformActKind, UserId},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Platform {
    /// Ends all sessions of a user, on all nodes. They can sign in again at once.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such user.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.sign_out_user", skip_all)]
    #[boxed]
    pub async fn sign_out_user(&self, admin: &PlatformAdmin, user: UserId) -> Result<()> {
        let mut act = self.begin(admin).await?;
        let found = db::platform::lock_user(&mut act.tx, user).await?;
        let email = found.ok_or(Error::NotFound)?.email;
        db::platform::end_sessions(&mut act.tx, user).await?;
        act.record(PlatformActKind::UserSignedOut, email.as_str(), "")
            .await?;
        self.cache.commit(act.tx, &[]).await
    }
}
