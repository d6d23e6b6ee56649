use futures::future::BoxFuture;

use super::{Billing, sync::Cause};
use crate::{
    db::subscriptions,
    domain::OrgId,
    error::{Result, chain},
    telemetry::SPANS,
};

impl Billing {
    /// Cancels at Stripe, at once, whatever the organization still pays for, and closes what it
    /// could still buy. When there is nothing, nothing happens, so it can be repeated. The
    /// mirror follows here if it can, and by Stripe's event if not.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if Stripe does not answer;
    /// [`crate::error::Error::Internal`] if it refuses.
    pub fn end_subscription(&self, org: OrgId) -> BoxFuture<'_, Result<()>> {
        // Boxed, so that whoever waits for it is not made of all that it is made of.
        Box::pin(self.cancel_all(org))
    }

    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.end_subscription", skip_all)]
    async fn cancel_all(&self, org: OrgId) -> Result<()> {
        let customer = subscriptions::find_customer(&self.db.reader(), org).await?;
        let Some(customer) = customer else {
            return Ok(());
        };
        let mut has_ended_any = false;
        for checkout in self.stripe.list_open_checkouts(&customer).await? {
            self.stripe.expire_checkout(&checkout.id).await?;
        }
        for subscription in self.stripe.list_subscriptions(&customer).await? {
            if !subscription.status.is_final() {
                self.stripe.cancel_subscription(&subscription.id).await?;
                has_ended_any = true;
            }
        }
        if has_ended_any && let Err(error) = self.sync_org(org, None, Cause::Deletion).await {
            let error = chain(&error);
            tracing::warn!(org.id = %org, error, "a cancelled subscription is shown as it was until Stripe's event comes");
        }
        Ok(())
    }
}
