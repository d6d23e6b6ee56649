//! What is done and read at Stripe's: the portal, and invoices.

use super::{Billing, checkout::is_id};
use crate::{
    access::OrgAccess,
    boxed,
    db::subscriptions,
    domain::{InvoicePage, Permission, PortalPage},
    error::{Error, Result},
    routes::OrgPage,
    telemetry::SPANS,
};

impl Billing {
    /// Opens Stripe's portal, where card, address and tax ids are changed; the address to send
    /// the browser to.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without [`Permission::ManageSubscription`];
    /// [`Error::Unavailable`] if Stripe does not answer.
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.open_portal", skip_all)]
    #[boxed]
    pub async fn open_portal(&self, access: &OrgAccess, page: PortalPage) -> Result<String> {
        access.require(Permission::ManageSubscription)?;
        let mut turn = self.take_turn(access.org_id()).await?;
        let customer = self.ensure_customer(&mut turn, access).await;
        turn.end().await;
        let back = self.address(OrgPage::Subscription, access.slug());
        let configuration = self.portal_configuration.as_deref();
        let opened = self
            .stripe
            .open_portal(&customer?, page, configuration, &back)
            .await?;
        opened.ok_or_else(|| Error::internal("Stripe forgot a customer in an instant"))
    }

    /// The organization's invoices, the newest first, behind the invoice `after`. Asks Stripe:
    /// invoices are not mirrored.
    ///
    /// # Errors
    /// [`Error::NotFound`] if `after` is no invoice; otherwise as [`Self::open_portal`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.list_invoices", skip_all)]
    #[boxed]
    pub async fn list_invoices(
        &self,
        access: &OrgAccess,
        after: Option<&str>,
    ) -> Result<InvoicePage> {
        access.require(Permission::ManageSubscription)?;
        if after.is_some_and(|after| !is_id(after, "in_")) {
            return Err(Error::NotFound);
        }
        let org = access.org_id();
        match subscriptions::find_customer(&self.db.reader(), org).await? {
            Some(customer) => self.stripe.list_invoices(&customer, after).await,
            None => Ok(InvoicePage::default()),
        }
    }
}
