use super::{Platform, PlatformAdmin};
use crate::{
    boxed,
    cache::keys,
    db,
    domain::{ActivityKind, LimitOverride, OrgId, PlatformActKind},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Platform {
    /// Gives an organization limits of its own, or its plan's back. They hold for the next
    /// request; who is there already stays.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such organization.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.set_limits", skip_all)]
    #[boxed]
    pub async fn set_limits(
        &self,
        admin: &PlatformAdmin,
        org: OrgId,
        limits: LimitOverride,
    ) -> Result<()> {
        let mut act = self.begin(admin).await?;
        // Whoever takes a seat holds the same lock.
        let found = db::platform::lock_org(&mut act.tx, org).await?;
        let slug = found.ok_or(Error::NotFound)?.slug;
        db::platform::set_limit_override(&mut act.tx, org, limits).await?;
        let detail = limits.in_words();
        act.record(PlatformActKind::LimitsChanged, slug.as_str(), &detail)
            .await?;
        act.record_in_org(org, ActivityKind::StaffChangedLimits, &detail)
            .await?;
        let outdated = [keys::subscription(&slug), keys::org_overview(&slug)];
        self.cache.commit(act.tx, &outdated).await
    }
}
