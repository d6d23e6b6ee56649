use std::collections::HashMap;

use serde_json::Value;
use stripe_billing::subscription::{
    CancelSubscription, ListSubscription, ListSubscriptionStatus, RetrieveSubscription,
    UpdateSubscription, UpdateSubscriptionCancellationDetails,
    UpdateSubscriptionCancellationDetailsFeedback as Feedback, UpdateSubscriptionItems,
    UpdateSubscriptionPaymentBehavior, UpdateSubscriptionProrationBehavior,
};
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{MAX_PAGES, ORG_METADATA_KEY, PAGE, Stripe, json::Object, prices, schedules};
use crate::{
    domain::{
        CancelFeedback, CancelReason, Currency, Discount, DiscountAmount, Money, Pause,
        SubscriptionStatus,
    },
    error::Result,
    gateway::{RemoteItem, RemoteSubscription},
};

/// What is looked at of a subscription beyond its own fields.
const EXPANDED: [&str; 2] = ["schedule", "discounts.source.coupon"];

impl Stripe {
    /// A customer's subscriptions, ended ones included; none if Stripe knows no such customer.
    pub async fn list_subscriptions(&self, customer: &str) -> Result<Vec<RemoteSubscription>> {
        let question = ListSubscription::new()
            .customer(customer)
            .status(ListSubscriptionStatus::All)
            .expand(EXPANDED.map(|field| format!("data.{field}")))
            .limit(PAGE);
        self.list_all(question).await
    }

    async fn list_all(&self, first: ListSubscription) -> Result<Vec<RemoteSubscription>> {
        let mut all = Vec::new();
        let mut question = first.clone();
        for _ in 0..MAX_PAGES {
            let Some(page) = self.find(&question).await? else {
                break;
            };
            let page = Object(&page);
            all.extend(page.list("data").iter().filter_map(read));
            let last = page.list("data").last();
            match last.and_then(|last| Object(last).text("id")) {
                Some(last) if page.is("has_more") => {
                    question = first.clone().starting_after(last);
                }
                _ => break,
            }
        }
        Ok(all)
    }

    /// The customers with a subscription that has not ended, behind the subscription `after`,
    /// and the one to go on behind.
    pub async fn list_paying_customers(
        &self,
        after: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>)> {
        let mut question = ListSubscription::new().limit(PAGE);
        if let Some(after) = after {
            question = question.starting_after(after);
        }
        let page = self.get(&question).await?;
        let page = Object(&page);
        let subscriptions = page.list("data");
        let customers = subscriptions
            .iter()
            .filter_map(|one| Object(one).id_of("customer"))
            .map(str::to_owned)
            .collect();
        let last = subscriptions.last().filter(|_| page.is("has_more"));
        Ok((customers, last.and_then(|last| Object(last).owned("id"))))
    }

    /// A subscription by its id; `None` if Stripe knows no such one.
    pub async fn find_subscription(&self, id: &str) -> Result<Option<RemoteSubscription>> {
        let question = RetrieveSubscription::new(id).expand(EXPANDED.map(str::to_owned).to_vec());
        Ok(self.find(&question).await?.as_ref().and_then(read))
    }

    /// Cancels a subscription at once, without a refund for the rest of its period. One that
    /// has ended already, or never was, is fine.
    pub async fn cancel_subscription(&self, id: &str) -> Result<()> {
        self.find(&CancelSubscription::new(id)).await?;
        Ok(())
    }

    /// Has a subscription end with its period.
    pub async fn cancel_at_period_end(
        &self,
        id: &str,
        reason: &CancelReason,
        key: &str,
    ) -> Result<()> {
        let mut details = UpdateSubscriptionCancellationDetails::new();
        details.feedback = Some(feedback(reason.feedback));
        details.comment = Some(reason.comment.clone()).filter(|comment| !comment.is_empty());
        let order = UpdateSubscription::new(id)
            .cancel_at_period_end(true)
            .cancellation_details(details);
        self.order(&order, key).await?;
        Ok(())
    }

    /// Has a subscription go on that was to end.
    pub async fn keep_going(&self, id: &str, key: &str) -> Result<()> {
        let order = UpdateSubscription::new(id).cancel_at_period_end(false);
        let kept = self.order(&order, key).await?;
        if Object(&kept).get("cancel_at").is_some() {
            // Under flexible billing the portal fixes the moment instead of setting the flag. The
            // library cannot say "no moment".
            let order = RequestBuilder::new(StripeMethod::Post, format!("/subscriptions/{id}"))
                .form(&HashMap::from([("cancel_at", "")]));
            self.order_built(&order, &format!("{key}-moment")).await?;
        }
        Ok(())
    }

    /// Moves an item of a subscription to another price at once. What is due is charged now;
    /// a payment that needs its owner, or fails, leaves the change waiting.
    pub async fn change_price(
        &self,
        subscription: &str,
        item: &RemoteItem,
        price: &str,
        key: &str,
    ) -> Result<()> {
        let mut items = UpdateSubscriptionItems::new();
        items.id = Some(item.id.clone());
        items.price = Some(price.to_owned());
        items.quantity = Some(item.quantity);
        let order = UpdateSubscription::new(subscription)
            .items(vec![items])
            .payment_behavior(UpdateSubscriptionPaymentBehavior::PendingIfIncomplete)
            .proration_behavior(UpdateSubscriptionProrationBehavior::AlwaysInvoice);
        self.order(&order, key).await?;
        Ok(())
    }
}

fn feedback(feedback: CancelFeedback) -> Feedback {
    match feedback {
        CancelFeedback::TooExpensive => Feedback::TooExpensive,
        CancelFeedback::MissingFeatures => Feedback::MissingFeatures,
        CancelFeedback::SwitchedService => Feedback::SwitchedService,
        CancelFeedback::Unused => Feedback::Unused,
        CancelFeedback::CustomerService => Feedback::CustomerService,
        CancelFeedback::TooComplex => Feedback::TooComplex,
        CancelFeedback::LowQuality => Feedback::LowQuality,
        CancelFeedback::Other => Feedback::Other,
    }
}

/// `None`: it has no id, so it is none.
fn read(value: &Value) -> Option<RemoteSubscription> {
    let remote = Object(value);
    let items: Vec<_> = remote.list("items").iter().filter_map(item).collect();
    let last_end = items.iter().filter_map(|item| item.period_end).max();
    let cancel_at = remote.moment("cancel_at");
    Some(RemoteSubscription {
        id: remote.owned("id")?,
        customer: remote.id_of("customer").map(str::to_owned),
        org: remote
            .metadata(ORG_METADATA_KEY)
            .and_then(|id| id.parse().ok()),
        status: SubscriptionStatus::parse(remote.text("status").unwrap_or("unknown")),
        trial_end: remote.moment("trial_end"),
        // Under flexible billing a cancellation in the portal fixes the moment instead.
        cancel_at_period_end: remote.is("cancel_at_period_end")
            || cancel_at.zip(last_end).is_some_and(|(at, end)| at <= end),
        cancel_at,
        canceled_at: remote.moment("canceled_at"),
        created: remote.moment("created"),
        discounts: remote.list("discounts").iter().map(discount).collect(),
        paused: remote.object("pause_collection").map(|pause| Pause {
            behavior: pause.text("behavior").unwrap_or("unknown").to_owned(),
            resumes_at: pause.moment("resumes_at"),
        }),
        pending_update_until: remote
            .object("pending_update")
            .and_then(|update| update.moment("expires_at")),
        schedule: remote.object("schedule").and_then(schedules::read),
        items,
    })
}

fn item(value: &Value) -> Option<RemoteItem> {
    let item = Object(value);
    Some(RemoteItem {
        id: item.owned("id").unwrap_or_default(),
        price: prices::read(item.object("price")?)?,
        quantity: item
            .number("quantity")
            .and_then(|quantity| quantity.try_into().ok())
            .unwrap_or(1),
        period_start: item.moment("current_period_start"),
        period_end: item.moment("current_period_end"),
    })
}

/// A discount that is only named by its id, or cannot be read, is one all the same.
fn discount(value: &Value) -> Discount {
    let discount = Object(value);
    // Before the API version 2025-09-30 the coupon stood in the discount itself.
    let coupon = discount
        .object("source")
        .and_then(|source| source.object("coupon"))
        .or_else(|| discount.object("coupon"));
    let amount = coupon.and_then(|coupon| {
        if let Some(percent) = coupon.get("percent_off").and_then(Value::as_f64) {
            // Of a percentage Stripe keeps two decimals; out of range it saturates.
            let hundredths = (percent * 100.0).round() as u32;
            return Some(DiscountAmount::HundredthsOfPercent(hundredths));
        }
        let currency = Currency::parse(coupon.text("currency")?).ok()?;
        let off = coupon.number("amount_off")?;
        Some(DiscountAmount::Money(Money::new(off, currency)))
    });
    Discount {
        name: coupon.and_then(|coupon| coupon.owned("name").or_else(|| coupon.owned("id"))),
        amount: amount.unwrap_or(DiscountAmount::Unknown),
        ends_at: discount.moment("end"),
    }
}
