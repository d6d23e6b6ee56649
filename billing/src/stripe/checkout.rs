use std::collections::HashMap;

use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionAutomaticTax, CreateCheckoutSessionCustomerUpdate,
    CreateCheckoutSessionCustomerUpdateAddress, CreateCheckoutSessionCustomerUpdateName,
    CreateCheckoutSessionLineItems, CreateCheckoutSessionSubscriptionData,
    CreateCheckoutSessionTaxIdCollection, ExpireCheckoutSession, ListCheckoutSession,
    RetrieveCheckoutSession,
};
use stripe_shared::{
    CheckoutSessionBillingAddressCollection, CheckoutSessionMode, CheckoutSessionStatus,
};

use super::{ORG_METADATA_KEY, PAGE, Stripe, json::Object};
use crate::{
    domain::OrgId,
    error::{Error, Result},
    gateway::RemoteCheckout,
};

/// What is to be bought.
pub(crate) struct NewCheckout<'a> {
    pub org: OrgId,
    pub customer: &'a str,
    pub price: &'a str,
    /// Days of the trial; 0: none.
    pub trial_days: u32,
    /// Whether Stripe works out the taxes.
    pub automatic_tax: bool,
    /// Where Stripe sends the browser afterwards, with `{CHECKOUT_SESSION_ID}` in it.
    pub success_url: &'a str,
    pub cancel_url: &'a str,
}

impl Stripe {
    pub async fn create_checkout(
        &self,
        new: &NewCheckout<'_>,
        key: &str,
    ) -> Result<RemoteCheckout> {
        let metadata = HashMap::from([(ORG_METADATA_KEY.to_owned(), new.org.to_string())]);
        let mut line = CreateCheckoutSessionLineItems::new();
        line.price = Some(new.price.to_owned());
        line.quantity = Some(1);
        let mut subscription = CreateCheckoutSessionSubscriptionData::new();
        subscription.metadata = Some(metadata.clone());
        subscription.trial_period_days = Some(new.trial_days).filter(|days| *days > 0);
        let mut update = CreateCheckoutSessionCustomerUpdate::new();
        update.address = Some(CreateCheckoutSessionCustomerUpdateAddress::Auto);
        update.name = Some(CreateCheckoutSessionCustomerUpdateName::Auto);
        let order = CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Subscription)
            .customer(new.customer)
            .customer_update(update)
            .client_reference_id(new.org.to_string())
            .metadata(metadata)
            .line_items(vec![line])
            .subscription_data(subscription)
            .billing_address_collection(CheckoutSessionBillingAddressCollection::Auto)
            .tax_id_collection(CreateCheckoutSessionTaxIdCollection::new(true))
            .automatic_tax(CreateCheckoutSessionAutomaticTax::new(new.automatic_tax))
            .success_url(new.success_url)
            .cancel_url(new.cancel_url);
        let made = self.order(&order, key).await?;
        read(Object(&made)).ok_or_else(|| Error::internal("Stripe made a checkout without an id"))
    }

    /// `None`: there is no such one.
    pub async fn find_checkout(&self, id: &str) -> Result<Option<RemoteCheckout>> {
        let found = self.find(&RetrieveCheckoutSession::new(id)).await?;
        Ok(found.as_ref().and_then(|found| read(Object(found))))
    }

    /// The checkouts of a customer that can still be completed.
    pub async fn list_open_checkouts(&self, customer: &str) -> Result<Vec<RemoteCheckout>> {
        let question = ListCheckoutSession::new()
            .customer(customer)
            .status(CheckoutSessionStatus::Open)
            .limit(PAGE);
        let Some(found) = self.find(&question).await? else {
            return Ok(Vec::new());
        };
        let sessions = Object(&found).list("data").iter();
        Ok(sessions.filter_map(|one| read(Object(one))).collect())
    }

    /// Closes a checkout. One that is over is fine: whether it was completed shows what the
    /// customer has.
    pub async fn expire_checkout(&self, id: &str) -> Result<()> {
        let key = format!("expire-{id}");
        match self.order_of(&ExpireCheckoutSession::new(id), &key).await {
            Ok(_) => Ok(()),
            Err(Error::Internal(_)) => {
                let now = self.find_checkout(id).await?;
                match now {
                    Some(open) if open.is_open() => {
                        Err(Error::internal("Stripe does not close an open checkout"))
                    }
                    _ => Ok(()),
                }
            }
            Err(other) => Err(other),
        }
    }
}

fn read(session: Object<'_>) -> Option<RemoteCheckout> {
    let org = session
        .metadata(ORG_METADATA_KEY)
        .or_else(|| session.text("client_reference_id"));
    Some(RemoteCheckout {
        id: session.owned("id")?,
        url: session.owned("url"),
        status: session.text("status").unwrap_or("unknown").to_owned(),
        customer: session.id_of("customer").map(str::to_owned),
        subscription: session.id_of("subscription").map(str::to_owned),
        org: org.and_then(|id| id.parse().ok()),
    })
}
