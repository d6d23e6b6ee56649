use super::{Platform, PlatformAdmin};
use crate::{
    boxed, db,
    domain::{OrgId, platform::OrgRecord},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Platform {
    /// All that is shown of one organization, deleted or not.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such organization.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.get_org", skip_all)]
    #[boxed]
    pub async fn get_org(&self, _admin: &PlatformAdmin, org: OrgId) -> Result<OrgRecord> {
        let reader = self.db.reader();
        let found = db::platform::find_org(&reader, org).await?;
        let found = found.ok_or(Error::NotFound)?;
        let view = db::subscriptions::find_view(&reader, &found.slug, self.clock.now()).await?;
        let subscription = view.value.filter(|view| view.org_id == org);
        Ok(OrgRecord {
            id: org,
            slug: found.slug,
            name: found.name,
            created_at: found.created_at,
            deleted_at: found.deleted_at,
            members: found.members,
            owners: found.owners,
            limit_override: found.limit_override,
            // Only if it moved to another slug between the two statements.
            subscription: subscription.ok_or(Error::NotFound)?,
        })
    }
}
