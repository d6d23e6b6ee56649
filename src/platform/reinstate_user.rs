use super::{Platform, PlatformAdmin};
use crate::{
    boxed, db,
    domain::{PlatformActKind, UserId},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Platform {
    /// Lets a suspended user in again. They have to sign in: the sessions of before stay
    /// ended.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such user; [`Error::Conflict`] if they are not
    /// suspended.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.reinstate_user", skip_all)]
    #[boxed]
    pub async fn reinstate_user(&self, admin: &PlatformAdmin, user: UserId) -> Result<()> {
        let mut act = self.begin(admin).await?;
        let found = db::platform::lock_user(&mut act.tx, user).await?;
        let found = found.ok_or(Error::NotFound)?;
        if !found.is_suspended {
            return Err(Error::refused("This user is not suspended."));
        }
        db::platform::reinstate_user(&mut act.tx, user).await?;
        act.record(PlatformActKind::UserReinstated, found.email.as_str(), "")
            .await?;
        self.cache.commit(act.tx, &[]).await
    }
}
