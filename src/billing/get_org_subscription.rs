use std::sync::Arc;

use super::Billing;
use crate::{
    access::OrgAccess,
    cache::keys::SubscriptionKey,
    db,
    domain::SubscriptionView,
    error::{Error, Result},
};

impl Billing {
    /// What the subscription page shows, from our row; every member may read it.
    /// Never asks Stripe: a row that was last compared more than an hour ago is
    /// compared in the background and right on a later look.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the organization was deleted meanwhile;
    /// [`Error::Unavailable`] when neither cache nor database answer.
    pub async fn get_org_subscription(&self, access: &OrgAccess) -> Result<Arc<SubscriptionView>> {
        let view = self.look_up_subscription(access).await?;
        self.refresh_if_old(access.org_id(), &view);
        Ok(view)
    }

    /// The same without a comparison, for a look that nobody takes: before anybody
    /// asks, Stripe need not be asked either.
    ///
    /// # Errors
    /// As above.
    pub(crate) async fn look_up_subscription(
        &self,
        access: &OrgAccess,
    ) -> Result<Arc<SubscriptionView>> {
        let org = access.org_id();
        let now = self.clock.now();
        let key = SubscriptionKey {
            slug: access.slug().clone(),
            org,
        };
        self.cache
            .get_or_load(&key, move |reader| async move {
                db::subscriptions::find_view(&reader, org, now).await
            })
            .await?
            .ok_or(Error::NotFound)
    }
}
