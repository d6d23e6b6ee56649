use super::{Platform, PlatformAdmin};
use crate::{
    boxed, db,
    domain::{PlatformActKind, UserId},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Platform {
    /// Keeps a user out: all sessions have ended when this returns, on all nodes, and nobody
    /// signs in to the account until it is reinstated. Memberships and seats stay.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such user; [`Error::Conflict`] if they are suspended
    /// already, or a platform admin: two of those could otherwise lock each other out.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.suspend_user", skip_all)]
    #[boxed]
    pub async fn suspend_user(&self, admin: &PlatformAdmin, user: UserId) -> Result<()> {
        let mut act = self.begin(admin).await?;
        let found = db::platform::lock_user(&mut act.tx, user).await?;
        let found = found.ok_or(Error::NotFound)?;
        if found.is_platform_admin {
            return Err(Error::refused(
                "A platform admin cannot be suspended here. Take that right from them first.",
            ));
        }
        if found.is_suspended {
            return Err(Error::refused("This user is suspended already."));
        }
        db::platform::suspend_user(&mut act.tx, user, act.now).await?;
        act.record(PlatformActKind::UserSuspended, found.email.as_str(), "")
            .await?;
        self.cache.commit(act.tx, &[]).await
    }
}
