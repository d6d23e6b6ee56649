use super::{Platform, PlatformAdmin};
use crate::{
    boxed, db,
    domain::PlatformActKind,
    error::{Error, Result},
    telemetry::SPANS,
};

impl Platform {
    /// Deletes a dead letter.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none of this number.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.drop_job", skip_all)]
    #[boxed]
    pub async fn drop_job(&self, admin: &PlatformAdmin, job: i64) -> Result<()> {
        let mut act = self.begin(admin).await?;
        if !db::jobs::delete_dead(&mut act.tx, job).await? {
            return Err(Error::NotFound);
        }
        act.record(PlatformActKind::JobDropped, &job.to_string(), "")
            .await?;
        act.tx.commit_unannounced().await
    }
}
