use super::{Platform, PlatformAdmin};
use crate::{
    boxed, db,
    domain::{ActivityKind, OrgId, PlatformActKind},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Platform {
    /// Takes the deletion of an organization back, as its owners could: its members have it
    /// again, with the roles they had. Its subscription has ended and stays so.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such organization any more; [`Error::Conflict`] if
    /// it is not deleted.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.restore_org", skip_all)]
    #[boxed]
    pub async fn restore_org(&self, admin: &PlatformAdmin, org: OrgId) -> Result<()> {
        let mut act = self.begin(admin).await?;
        let found = db::platform::lock_org(&mut act.tx, org).await?;
        let found = found.ok_or(Error::NotFound)?;
        if !found.is_deleted {
            return Err(Error::refused("This organization is not deleted."));
        }
        db::deleted_orgs::unmark(&mut act.tx, org).await?;
        act.record(PlatformActKind::OrgRestored, found.slug.as_str(), "")
            .await?;
        act.record_in_org(org, ActivityKind::StaffRestoredOrg, "")
            .await?;
        self.cache.commit(act.tx, &[]).await
    }
}
