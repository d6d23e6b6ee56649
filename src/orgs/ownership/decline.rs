use super::get_received;
use crate::{
    access::OrgAccess, boxed, cache::keys, db, domain::ActivityKind, error::Result, orgs::Orgs,
    telemetry::SPANS,
};

impl Orgs {
    /// Turns down the ownership that was offered to the member. Every member may, if they
    /// are offered it.
    ///
    /// # Errors
    /// [`crate::error::Error::Conflict`] if there is no such offer, or none any more.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.decline_ownership", skip_all)]
    #[boxed]
    pub async fn decline_ownership(&self, access: &OrgAccess) -> Result<()> {
        let now = self.clock.now();
        let mut change = self.begin_change(access).await?;
        let offer = get_received(&mut change, now).await?;
        db::ownership::delete(&mut change.tx, change.id).await?;
        change
            .record(ActivityKind::OwnershipDeclined, &offer.from_name, "")
            .await?;
        let outdated = [keys::org_overview(&change.org.slug)];
        self.cache.commit(change.tx, &outdated).await
    }
}
