use super::{Platform, PlatformAdmin};
use crate::{
    boxed, db,
    domain::{ActivityKind, Email, OrgSlug, PlatformActKind},
    error::{Error, Result},
    telemetry::SPANS,
};

/// Ending cached values by hand, after something bypassed the triggers. Each returns when no
/// node uses what it ended. The log is written first: a flush that failed halfway was tried.
impl Platform {
    /// Everything of the organization that this slug, current or former, belongs to.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.flush_org", skip_all)]
    #[boxed]
    pub async fn flush_org(&self, admin: &PlatformAdmin, slug: &OrgSlug) -> Result<()> {
        let mut act = self.begin(admin).await?;
        let org = db::orgs::find_id_by_slug(&self.db.reader(), slug).await?;
        let org = org.ok_or(Error::NotFound)?;
        act.record(PlatformActKind::OrgFlushed, slug.as_str(), "")
            .await?;
        act.record_in_org(org, ActivityKind::StaffFlushedCache, "")
            .await?;
        self.cache.commit(act.tx, &[]).await?;
        self.cache.flush_org(org, slug).await
    }

    /// Everything of the user with this address.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.flush_user", skip_all)]
    #[boxed]
    pub async fn flush_user(&self, admin: &PlatformAdmin, email: &Email) -> Result<()> {
        let mut act = self.begin(admin).await?;
        let user = db::users::find_id_by_email(&self.db.reader(), email).await?;
        let user = user.ok_or(Error::NotFound)?;
        act.record(PlatformActKind::UserFlushed, email.as_str(), "")
            .await?;
        act.tx.commit_unannounced().await?;
        self.cache.flush_user(user).await
    }

    /// Everything.
    ///
    /// # Errors
    /// As for every write.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.flush_all", skip_all)]
    #[boxed]
    pub async fn flush_all(&self, admin: &PlatformAdmin) -> Result<()> {
        let mut act = self.begin(admin).await?;
        act.record(PlatformActKind::AllFlushed, "", "").await?;
        act.tx.commit_unannounced().await?;
        self.cache.invalidate_everything().await
    }
}
