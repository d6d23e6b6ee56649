use super::{Platform, PlatformAdmin};
use crate::{
    boxed, db,
    domain::{Page, PageNumber, PlatformAct},
    error::Result,
    telemetry::SPANS,
};

impl Platform {
    /// A page of the platform's log, newest first.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.list_acts", skip_all)]
    #[boxed]
    pub async fn list_acts(
        &self,
        _admin: &PlatformAdmin,
        page: PageNumber,
    ) -> Result<Page<PlatformAct>> {
        db::platform::list_acts(&self.db.reader(), page).await
    }
}
