//! What can be bought, and which plan a price stands for. Stripe says so; what it said last is
//! kept, so that pages show prices while it is away.

use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;
use time::Duration;

use super::{Billing, gateway::RemoteSubscription};
use crate::{
    access::OrgAccess,
    boxed,
    db::subscriptions::{self, KnownPrice},
    domain::{BillingInterval, ListedPrice, Permission, Plan, PriceList},
    error::{Error, Result, chain},
    telemetry::SPANS,
};

/// Age at which Stripe is asked for its prices again. It also announces changes of them.
const MAX_AGE: Duration = Duration::HOUR;

/// The list as this process knows it. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Prices(Arc<RwLock<Arc<PriceList>>>);

impl Prices {
    fn get(&self) -> Arc<PriceList> {
        Arc::clone(&self.0.read())
    }

    fn set(&self, list: PriceList) -> Arc<PriceList> {
        let list = Arc::new(list);
        *self.0.write() = Arc::clone(&list);
        list
    }
}

impl Billing {
    /// What can be bought. While Stripe does not answer it is what it said last, with the time
    /// of that; nobody waits for it again for the next minutes.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without [`Permission::ManageSubscription`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.list_prices", skip_all)]
    #[boxed]
    pub async fn list_prices(&self, access: &OrgAccess) -> Result<Arc<PriceList>> {
        access.require(Permission::ManageSubscription)?;
        self.price_list().await
    }

    pub(super) async fn price_list(&self) -> Result<Arc<PriceList>> {
        let is_fresh = |list: &PriceList| {
            list.as_of
                .is_some_and(|as_of| self.clock.now() - as_of < MAX_AGE)
        };
        let known = self.prices.get();
        if is_fresh(&known) {
            return Ok(known);
        }
        // Another node may have asked.
        let (prices, as_of) = subscriptions::list_current_prices(&self.db.reader()).await?;
        let kept = self.prices.set(PriceList { prices, as_of });
        if is_fresh(&kept) {
            return Ok(kept);
        }
        match self.fetch_prices().await {
            Ok(fetched) => Ok(fetched),
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(error, "the price list is the last known one");
                Ok(kept)
            }
        }
    }

    /// Asks Stripe for its prices and keeps them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if Stripe or the database does not answer.
    pub(super) async fn fetch_prices(&self) -> Result<Arc<PriceList>> {
        let fetched = self.stripe.list_prices().await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        subscriptions::keep_prices(&mut tx, &fetched, now).await?;
        // Each process has its own copy, for an hour at most.
        tx.commit_unannounced().await?;
        let prices = fetched.into_iter().map(|price| price.listed).collect();
        Ok(self.prices.set(PriceList {
            prices,
            as_of: Some(now),
        }))
    }

    /// What a plan costs those who buy it now.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it cannot be bought.
    pub(super) async fn sold_price(
        &self,
        plan: Plan,
        interval: BillingInterval,
    ) -> Result<ListedPrice> {
        let list = self.price_list().await?;
        list.find(plan, interval).cloned().ok_or_else(|| {
            Error::refused("This plan cannot be bought at the moment. Choose another one.")
        })
    }

    /// Compares Stripe's prices with the price list of the product.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if Stripe or the database does not answer.
    pub async fn check_prices(&self) -> Result<PriceCheck> {
        let fetched = self.stripe.list_prices().await?;
        let mut check = PriceCheck::default();
        for plan in Plan::ALL {
            for interval in [BillingInterval::Month, BillingInterval::Year] {
                if plan == Plan::Free {
                    continue;
                }
                check.compare(plan, interval, &fetched);
            }
        }
        Ok(check)
    }

    /// Does so, keeps the prices, and warns of what differs. A node serves without Stripe, so
    /// this never fails.
    pub async fn check_prices_at_start(&self) {
        let checked = async {
            self.fetch_prices().await?;
            self.check_prices().await
        };
        match checked.await {
            Ok(check) => check.warn(),
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(error, "Stripe's prices could not be checked");
            }
        }
    }

    /// Completes the plans of subscriptions whose prices do not say it themselves: by what is
    /// known of the price and its product, or by what Stripe's product or its features say.
    ///
    /// # Errors
    /// As [`Self::fetch_prices`].
    pub(super) async fn resolve_plans(&self, remote: &mut [RemoteSubscription]) -> Result<()> {
        let mut products: HashMap<String, Option<Plan>> = HashMap::new();
        for subscription in remote {
            let is_final = subscription.status.is_final();
            for item in &mut subscription.items {
                let price = &mut item.price;
                if price.plan.is_some() {
                    continue;
                }
                let product = price.product.as_deref();
                let reader = self.db.reader();
                price.plan = subscriptions::find_plan_of_price(&reader, &price.id, product).await?;
                // Nobody waits for the product of what is over.
                let Some(product) = product.filter(|_| price.plan.is_none() && !is_final) else {
                    continue;
                };
                if !products.contains_key(product) {
                    let plan = self.stripe.find_plan_of_product(product).await?;
                    products.insert(product.to_owned(), plan);
                }
                price.plan = products.get(product).copied().flatten();
            }
            let Some(schedule) = &mut subscription.schedule else {
                continue;
            };
            for phase in &mut schedule.phases {
                if let (None, Some(price)) = (phase.plan, &phase.price) {
                    let reader = self.db.reader();
                    phase.plan = subscriptions::find_plan_of_price(&reader, price, None).await?;
                }
            }
        }
        Ok(())
    }
}

/// How Stripe's prices compare with ours. Stripe's are what is charged and shown; ours are
/// what the product was meant to cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceCheck {
    /// Look-up keys under which nothing can be bought.
    pub missing: Vec<String>,
    /// Sentences about amounts or currencies that differ.
    pub different: Vec<String>,
}

impl PriceCheck {
    fn warn(&self) {
        for key in &self.missing {
            tracing::warn!(
                stripe.lookup_key = key,
                "nothing is sold under a look-up key of the price list; run `orghub-server \
                 stripe-setup`, or make the price in Stripe's dashboard"
            );
        }
        for difference in &self.different {
            tracing::warn!(
                difference,
                "a price at Stripe is not that of the price list"
            );
        }
    }

    fn compare(&mut self, plan: Plan, interval: BillingInterval, fetched: &[KnownPrice]) {
        let key = format!("{}_{}", plan.as_str(), interval.as_str());
        let found = fetched
            .iter()
            .map(|price| &price.listed)
            .find(|listed| listed.plan == plan && listed.interval == interval);
        let Some(listed) = found else {
            self.missing.push(key);
            return;
        };
        let cents = i64::from(plan.price_usd(interval)) * 100;
        let amount = &listed.amount;
        if amount.currency.as_str() != "usd" || amount.minor != cents {
            self.different.push(format!(
                "{key} is {amount} at Stripe, and {}.00 USD in the price list",
                plan.price_usd(interval)
            ));
        }
    }
}
