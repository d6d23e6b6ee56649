//! The customer at Stripe that an organization pays as: made when it is first needed, found
//! again if making it was forgotten, made anew if it was deleted there, and called as the
//! organization is.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::{Billing, sync::Turn};
use crate::{
    access::OrgAccess,
    cache::keys,
    db::{
        self, Tx,
        subscriptions::{self, NewIntent},
    },
    domain::{Email, OrgId},
    error::{Error, Result},
    queue::{Job, Kind, Outcome},
};

/// The kind of the job that keeps a customer in step.
const UPDATE: &str = "billing.update_customer";

const INTENT: &str = "customer";
const KEY_LIFETIME: Duration = Duration::hours(23);

#[derive(Debug, Serialize, Deserialize)]
struct Update {
    org: OrgId,
}

impl Billing {
    /// The customer that the organization pays as, who exists at Stripe.
    ///
    /// # Errors
    /// As [`Billing::begin`]; [`Error::Unavailable`] if Stripe does not answer.
    pub(super) async fn ensure_customer(
        &self,
        turn: &mut Turn<'_>,
        access: &OrgAccess,
    ) -> Result<String> {
        let org = access.org_id();
        let known = subscriptions::find_customer(&self.db.reader(), org).await?;
        if let Some(known) = &known
            && self.stripe.find_remote_customer(known).await?.is_some()
        {
            return Ok(known.clone());
        }
        let (mut tx, found) = self.begin(access).await?;
        let contact = subscriptions::find_contact(&mut tx, org).await?;
        let now = self.clock.now();
        // Another one after one that was deleted is another wish, and so is another name: a key
        // stands for one request.
        let detail = format!(
            "{} {} after {}",
            found.name,
            contact.as_ref().map_or("", Email::as_str),
            known.as_deref().unwrap_or("none"),
        );
        let new = NewIntent {
            org,
            kind: INTENT,
            detail: &detail,
            now,
            oldest: now - KEY_LIFETIME,
        };
        let intent = subscriptions::open_intent(&mut tx, new).await?;
        // Nothing cached depends on it.
        tx.commit_unannounced().await?;

        let made_before = self.stripe.search_customer_of(org).await?;
        let customer = match made_before {
            Some(before) => before.id,
            None => {
                let key = intent.id.to_string();
                let name = &found.name;
                self.stripe
                    .create_customer(org, name, contact.as_ref(), &key)
                    .await?
            }
        };
        let mut tx = self.db.begin().await?;
        if !subscriptions::attach_customer(&mut tx, org, &customer).await? {
            return Err(Error::internal(format!(
                "the customer {customer} says it is of {org}, but another organization pays as it"
            )));
        }
        subscriptions::close_intent(&mut tx, intent.id, now).await?;
        turn.confirm().await?;
        self.cache
            .commit(tx, &[keys::subscription(&found.slug)])
            .await?;
        Ok(customer)
    }

    /// Has the customer called and written to as the organization is, in the transaction of
    /// what changed. Nobody waits for Stripe.
    pub async fn queue_customer_update(&self, tx: &mut Tx, org: OrgId) -> Result<()> {
        let now = self.clock.now();
        self.queue
            .push(tx, UPDATE, &Update { org }, now, None)
            .await?;
        Ok(())
    }

    pub(super) fn update_customers(&self) -> Kind {
        let billing = self.clone();
        Kind::new(UPDATE, move |job: Job| {
            let billing = billing.clone();
            async move { billing.update_customer(&job).await }
        })
    }

    async fn update_customer(&self, job: &Job) -> Outcome {
        let Update { org } = job.payload()?;
        let mut tx = self.db.begin().await?;
        let found = db::orgs::find(&mut tx, org).await?;
        let contact = subscriptions::find_contact(&mut tx, org).await?;
        drop(tx);
        let customer = subscriptions::find_customer(&self.db.reader(), org).await?;
        if let Some((found, customer)) = found.zip(customer) {
            self.stripe
                .update_customer(&customer, &found.name, contact.as_ref())
                .await?;
        }
        Ok(())
    }
}
