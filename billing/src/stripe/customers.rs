use std::collections::HashMap;

use stripe_core::customer::{CreateCustomer, RetrieveCustomer, SearchCustomer, UpdateCustomer};

use super::{ORG_METADATA_KEY, Stripe, json::Object};
use crate::{
    domain::{Email, OrgId},
    error::{Error, Result},
    gateway::RemoteCustomer,
};

impl Stripe {
    /// A customer; `None`: it was deleted, or never was.
    pub async fn find_remote_customer(&self, id: &str) -> Result<Option<RemoteCustomer>> {
        let found = self.find(&RetrieveCustomer::new(id)).await?;
        Ok(found.as_ref().and_then(|found| read(Object(found))))
    }

    /// A customer that was made for an organization and forgotten here, the first by id. Stripe
    /// finds one a minute after it was made.
    pub async fn search_customer_of(&self, org: OrgId) -> Result<Option<RemoteCustomer>> {
        let question =
            SearchCustomer::new(format!("metadata['{ORG_METADATA_KEY}']:'{org}'")).limit(10);
        let found = self.get(&question).await?;
        let customers = Object(&found).list("data").iter();
        Ok(customers
            .filter_map(|one| read(Object(one)))
            .filter(|one| one.org == Some(org))
            .min_by(|one, other| one.id.cmp(&other.id)))
    }

    /// Makes a customer.
    pub async fn create_customer(
        &self,
        org: OrgId,
        name: &str,
        email: Option<&Email>,
        key: &str,
    ) -> Result<String> {
        let mut order = CreateCustomer::new().name(name).metadata(HashMap::from([(
            ORG_METADATA_KEY.to_owned(),
            org.to_string(),
        )]));
        if let Some(email) = email {
            order = order.email(email.as_str());
        }
        let made = self.order(&order, key).await?;
        Object(&made)
            .owned("id")
            .ok_or_else(|| Error::internal("Stripe made a customer without an id"))
    }

    /// Has a customer called and written to as the organization is. One that was deleted is
    /// fine.
    pub async fn update_customer(&self, id: &str, name: &str, email: Option<&Email>) -> Result<()> {
        let order = UpdateCustomer::new(id)
            .name(name)
            .email(email.map_or("", Email::as_str));
        // Doing it twice is doing it once.
        let key = uuid::Uuid::now_v7().to_string();
        self.order_of(&order, &key).await?;
        Ok(())
    }
}

fn read(customer: Object<'_>) -> Option<RemoteCustomer> {
    if customer.is("deleted") {
        return None;
    }
    Some(RemoteCustomer {
        id: customer.owned("id")?,
        org: customer
            .metadata(ORG_METADATA_KEY)
            .and_then(|id| id.parse().ok()),
    })
}
