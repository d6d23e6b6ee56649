//! Buying a subscription on Stripe's page, and coming back from there.

use std::time::Duration;

use super::{
    Billing,
    gateway::RemoteCheckout,
    stripe::NewCheckout,
    sync::{Cause, Turn},
};
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db::subscriptions::{self, Intent},
    domain::{BillingInterval, CheckoutOutcome, OrgSlug, Permission, Plan, TRIAL_DAYS, WishKind},
    error::{Error, Result},
    routes::OrgPage,
    telemetry::SPANS,
};

/// Pauses between looks at a checkout that is complete and whose subscription is not there
/// yet, or not paid: Stripe attaches it within a second or two.
const LOOKS: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_600),
];

impl Billing {
    /// Opens a page of Stripe's where the plan can be bought, and closes older ones; the
    /// address to send the browser to. With the trial, if the organization has not had its
    /// one.
    ///
    /// # Errors
    /// [`Error::Conflict`] if a subscription lives, or the plan cannot be bought;
    /// [`Error::Forbidden`] without [`Permission::ManageSubscription`];
    /// [`Error::Unavailable`] if Stripe does not answer: trying again is safe.
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.start_checkout", skip_all)]
    #[boxed]
    pub async fn start_checkout(
        &self,
        access: &OrgAccess,
        plan: Plan,
        interval: BillingInterval,
    ) -> Result<String> {
        access.require(Permission::ManageSubscription)?;
        let mut turn = self.take_turn(access.org_id()).await?;
        let address = self
            .checkout_in_turn(&mut turn, access, plan, interval)
            .await;
        turn.end().await;
        address
    }

    async fn checkout_in_turn(
        &self,
        turn: &mut Turn<'_>,
        access: &OrgAccess,
        plan: Plan,
        interval: BillingInterval,
    ) -> Result<String> {
        let org = access.org_id();
        let price = self.sold_price(plan, interval).await?;
        let customer = self.ensure_customer(turn, access).await?;
        let open = self.stripe.list_open_checkouts(&customer).await?;
        // Before anything is closed or opened: what was bought a moment ago counts.
        self.sync_in_turn(turn, org, Some(&customer), Cause::Asked)
            .await?;
        let trial_days = self.trial_days(access).await?;
        // All that is sent is part of it: a key stands for one request.
        let detail = format!("{} trial {trial_days} /{}", price.price_id, access.slug());
        let wish = WishKind::Checkout;
        let mut intent = self.write_down(access, wish, &detail).await?;
        let ours = |session: &RemoteCheckout| intent.stripe_id.as_deref() == Some(&*session.id);
        let reusable = open.iter().find(|session| ours(session)).cloned();
        for session in open.iter().filter(|session| !ours(session)) {
            self.stripe.expire_checkout(&session.id).await?;
        }
        if let Some(address) = reusable.and_then(|session| session.url) {
            return Ok(address);
        }
        if intent.stripe_id.is_some() {
            // It was bought, left for too long, or closed by another one.
            intent = self.renew(access, &intent, &detail).await?;
        }
        let slug = access.slug();
        let success_url = format!(
            "{}?session={{CHECKOUT_SESSION_ID}}",
            self.address(OrgPage::CheckoutDone, slug)
        );
        let new = NewCheckout {
            org,
            customer: &customer,
            price: &price.price_id,
            trial_days,
            automatic_tax: self.automatic_tax,
            success_url: &success_url,
            cancel_url: &self.address(OrgPage::Plans, slug),
        };
        let made = self.open_checkout(access, &new, intent, &detail).await?;
        turn.confirm().await?;
        made.url
            .ok_or_else(|| Error::internal("Stripe opened a checkout without an address"))
    }

    /// Asks for the page; once more if the key brings back one that is over.
    async fn open_checkout(
        &self,
        access: &OrgAccess,
        new: &NewCheckout<'_>,
        first: Intent,
        detail: &str,
    ) -> Result<RemoteCheckout> {
        let mut intent = first;
        let mut made = self.ask_for_checkout(access, new, &intent).await?;
        if !made.is_open() || self.is_over(&made).await? {
            intent = self.renew(access, &intent, detail).await?;
            made = self.ask_for_checkout(access, new, &intent).await?;
        }
        let mut tx = self.db.begin().await?;
        subscriptions::note_made(&mut tx, intent.id, &made.id).await?;
        // Nothing cached depends on it.
        tx.commit_unannounced().await?;
        Ok(made)
    }

    async fn ask_for_checkout(
        &self,
        access: &OrgAccess,
        new: &NewCheckout<'_>,
        intent: &Intent,
    ) -> Result<RemoteCheckout> {
        let made = self
            .stripe
            .create_checkout(new, &intent.id.to_string())
            .await;
        self.settle(access, WishKind::Checkout, intent, made).await
    }

    /// Whether a checkout that was made under a key used before is over by now: what comes back
    /// for a key is what it was then.
    async fn is_over(&self, made: &RemoteCheckout) -> Result<bool> {
        let now = self.stripe.find_checkout(&made.id).await?;
        Ok(!now.is_some_and(|now| now.is_open()))
    }

    async fn renew(&self, access: &OrgAccess, old: &Intent, detail: &str) -> Result<Intent> {
        let mut tx = self.db.begin().await?;
        subscriptions::close_intent(&mut tx, old.id, self.clock.now()).await?;
        tx.commit_unannounced().await?;
        self.write_down(access, WishKind::Checkout, detail).await
    }

    /// Days of trial that the organization gets.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it needs none because a subscription lives.
    async fn trial_days(&self, access: &OrgAccess) -> Result<u32> {
        let org = access.org_id();
        let mirrored = subscriptions::find_mirrored(&self.db.reader(), org).await?;
        let status = mirrored.map(|mirrored| mirrored.subscription.status);
        let may_buy = status.is_none_or(|status| {
            // Whose first payment is not through yet can pay it, or buy anew.
            status.is_final() || status == crate::domain::SubscriptionStatus::Incomplete
        });
        if !may_buy {
            return Err(Error::refused(
                "This organization has a subscription. Change its plan instead of buying another.",
            ));
        }
        let (mut tx, _org) = self.begin(access).await?;
        let row = subscriptions::lock_billing(&mut tx, org).await?;
        let is_used = row.is_some_and(|row| row.trial_used_at.is_some());
        Ok(if is_used { 0 } else { TRIAL_DAYS })
    }

    pub(super) fn address(&self, page: OrgPage, slug: &OrgSlug) -> String {
        format!("{}{}", self.app_url, page.path(slug))
    }

    /// What came of a checkout, after its subscription was taken over if there is one. Waits
    /// for a few seconds if it is not there yet.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such checkout, or it is another organization's;
    /// [`Error::Forbidden`] without [`Permission::ManageSubscription`];
    /// [`Error::Unavailable`] if Stripe does not answer.
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.finish_checkout", skip_all)]
    #[boxed]
    pub async fn finish_checkout(
        &self,
        access: &OrgAccess,
        session: &str,
    ) -> Result<CheckoutOutcome> {
        access.require(Permission::ManageSubscription)?;
        if !is_id(session, "cs_") {
            return Err(Error::NotFound);
        }
        let mut pauses = LOOKS.into_iter();
        loop {
            let outcome = self.look_at_checkout(access, session).await?;
            if outcome != CheckoutOutcome::Processing {
                return Ok(outcome);
            }
            let Some(pause) = pauses.next() else {
                return Ok(outcome);
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn look_at_checkout(&self, access: &OrgAccess, session: &str) -> Result<CheckoutOutcome> {
        let org = access.org_id();
        let found = self.stripe.find_checkout(session).await?;
        let found = found
            .filter(|found| found.org == Some(org))
            .ok_or(Error::NotFound)?;
        match found.status.as_str() {
            "open" => return Ok(CheckoutOutcome::Open),
            "expired" => {
                let mut tx = self.db.begin().await?;
                subscriptions::forget_wish(&mut tx, org, WishKind::Checkout).await?;
                self.cache
                    .commit(tx, &[keys::subscription(access.slug())])
                    .await?;
                return Ok(CheckoutOutcome::Expired);
            }
            _ => {}
        }
        let (Some(customer), Some(bought)) = (&found.customer, &found.subscription) else {
            return Ok(CheckoutOutcome::Processing);
        };
        self.sync_org(org, Some(customer), Cause::Asked).await?;
        let mirrored = subscriptions::find_mirrored(&self.db.reader(), org).await?;
        let is_there = mirrored.is_some_and(|mirrored| {
            let mirrored = mirrored.subscription;
            // Whoever looks again later sees the same, whatever became of it.
            mirrored.status.grants_plan()
                || (mirrored.stripe_id == *bought && mirrored.status.is_final())
        });
        Ok(if is_there {
            CheckoutOutcome::Subscribed
        } else {
            CheckoutOutcome::Processing
        })
    }
}

/// Whether it could be an id of Stripe's of this kind. It becomes part of an address.
pub(super) fn is_id(text: &str, prefix: &str) -> bool {
    text.len() <= 255
        && text.starts_with(prefix)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
