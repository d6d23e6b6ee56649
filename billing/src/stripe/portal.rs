use stripe_billing::billing_portal_session::{
    CreateBillingPortalSession, CreateBillingPortalSessionFlowData,
    CreateBillingPortalSessionFlowDataType,
};

use super::{Stripe, json::Object};
use crate::{
    domain::PortalPage,
    error::{Error, Result},
};

impl Stripe {
    /// Opens the customer's portal; the address that a browser is sent to. `None`: Stripe
    /// knows no such customer.
    pub async fn open_portal(
        &self,
        customer: &str,
        page: PortalPage,
        configuration: Option<&str>,
        return_url: &str,
    ) -> Result<Option<String>> {
        let mut order = CreateBillingPortalSession::new()
            .customer(customer)
            .return_url(return_url);
        // Without one, the account's own default applies.
        if let Some(configuration) = configuration {
            order = order.configuration(configuration);
        }
        if page == PortalPage::PaymentMethod {
            order = order.flow_data(CreateBillingPortalSessionFlowData::new(
                CreateBillingPortalSessionFlowDataType::PaymentMethodUpdate,
            ));
        }
        // An address more is none too many.
        let key = uuid::Uuid::now_v7().to_string();
        let Some(opened) = self.order_of(&order, &key).await? else {
            return Ok(None);
        };
        Object(&opened)
            .owned("url")
            .map(Some)
            .ok_or_else(|| Error::internal("Stripe opened a portal without an address"))
    }
}
