use super::{Platform, PlatformAdmin};
use crate::{
    boxed, db,
    domain::{UserId, platform::UserRecord},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Platform {
    /// All that is shown of one user.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such user.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.get_user", skip_all)]
    #[boxed]
    pub async fn get_user(&self, _admin: &PlatformAdmin, user: UserId) -> Result<UserRecord> {
        self.find_user(user).await?.ok_or(Error::NotFound)
    }

    pub(super) async fn find_user(&self, user: UserId) -> Result<Option<UserRecord>> {
        let now = self.clock.now();
        let began_after = now - self.session_life.longest;
        db::platform::find_user(&self.db.reader(), user, now, began_after).await
    }
}
