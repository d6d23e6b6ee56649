use super::{Platform, PlatformAdmin};
use crate::{
    boxed, db,
    domain::{PlatformActKind, platform::JobChoice},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Platform {
    /// Makes dead letters due again, and says how many. Of several with the same key only the
    /// latest is.
    ///
    /// # Errors
    /// [`Error::Conflict`] if there is nothing to run again.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.retry_jobs", skip_all)]
    #[boxed]
    pub async fn retry_jobs(&self, admin: &PlatformAdmin, choice: &JobChoice) -> Result<u64> {
        let mut act = self.begin(admin).await?;
        let (id, kind) = match choice {
            JobChoice::One(id) => (Some(*id), None),
            JobChoice::Kind(kind) => (None, Some(kind.as_str())),
            JobChoice::All => (None, None),
        };
        let revived = db::jobs::revive(&mut act.tx, id, kind, act.now).await?;
        if revived == 0 {
            return Err(Error::refused(
                "Nothing runs again: it did already, it was deleted, or another one like it waits.",
            ));
        }
        let subject = match choice {
            JobChoice::One(id) => format!("{id}"),
            JobChoice::Kind(kind) => kind.clone(),
            JobChoice::All => "all".to_owned(),
        };
        act.record(PlatformActKind::JobsRetried, &subject, &revived.to_string())
            .await?;
        act.tx.commit_unannounced().await?;
        Ok(revived)
    }
}
