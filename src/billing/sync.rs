//! Changing the mirror: the one way, whatever the hint was.

use std::{cmp::Reverse, time::Duration};

use time::OffsetDateTime;

use super::{
    Billing,
    gateway::{RemotePrice, RemoteSubscription},
    webhook::Event,
};
use crate::{
    db::{
        Tx, orgs,
        subscriptions::{self, CustomerLock, Mirrored, NewMirror},
        webhook_events,
    },
    domain::{BillingInterval, OrgId, Plan, Subscription},
    error::{Error, Result},
};

/// How long to wait for others who compare, the same customer or any. Stripe
/// gives a webhook's receiver not much longer, and sends it again.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a taken lock is tried again.
const LOCK_RETRY: Duration = Duration::from_millis(50);

/// Why a customer is compared with Stripe.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cause<'a> {
    /// Stripe said that something changed.
    Event(&'a Event),
    /// The mirror is older than this.
    OlderThan(OffsetDateTime),
}

impl Cause<'_> {
    fn event_created(self) -> Option<OffsetDateTime> {
        match self {
            Cause::Event(event) => Some(event.created),
            Cause::OlderThan(_) => None,
        }
    }
}

/// What came of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Synced {
    /// The mirror shows what Stripe has.
    Compared,
    /// Somebody else had done it meanwhile.
    AlreadyDone,
    /// The customer stands for no organization of ours.
    UnknownCustomer,
}

impl Billing {
    /// Asks Stripe for a customer's subscriptions and mirrors the one that counts.
    /// When this returns, every node has heard of it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if Stripe or the database does not answer, or others
    /// take too long; [`Error::Internal`] if Stripe has what the mirror cannot hold.
    /// Nothing has changed then.
    pub(super) async fn sync_customer(&self, customer: &str, cause: Cause<'_>) -> Result<Synced> {
        let (_permit, mut lock) = tokio::time::timeout(TURN_TIMEOUT, self.wait_for_turn(customer))
            .await
            .map_err(|elapsed| {
                Error::unavailable("the turn to compare a customer with Stripe", elapsed)
            })??;

        let mirrored = subscriptions::find_mirrored(&self.db.reader(), customer).await?;
        if let (Cause::OlderThan(limit), Some(mirrored)) = (cause, &mirrored)
            && mirrored.synced_at >= limit
        {
            lock.release().await;
            return Ok(Synced::AlreadyDone);
        }

        let remote = self
            .ask_for_subscriptions(customer, mirrored.as_ref())
            .await?;

        let mut tx = self.db.begin().await?;
        let org = org_of(&mut tx, customer, &remote).await?;
        if let Some(org) = org {
            self.mirror(&mut tx, org, &remote, cause).await?;
        } else {
            tracing::warn!(
                stripe.customer = customer,
                "Stripe speaks of a customer that is no organization's"
            );
        }
        if let Cause::Event(event) = cause
            && !webhook_events::mark_processed(&mut tx, &event.id, self.clock.now()).await?
        {
            // The same event was delivered twice at once, and the other was faster.
            lock.release().await;
            return Ok(Synced::AlreadyDone);
        }
        let slug = match org {
            Some(org) => orgs::find_slug(&mut tx, org).await?,
            None => None,
        };
        // With its session the lock would be gone, and somebody who asked later may have written.
        lock.confirm().await?;
        let commit = tx.commit().await?;
        lock.release().await;

        let Some(slug) = slug else {
            return Ok(Synced::UnknownCustomer);
        };
        self.cache.invalidate_org_subscription(&slug).await;
        self.cache.wait_until_applied(commit).await;
        Ok(Synced::Compared)
    }

    /// Waits until few enough others compare, and nobody else compares this customer.
    async fn wait_for_turn(
        &self,
        customer: &str,
    ) -> Result<(tokio::sync::SemaphorePermit<'_>, CustomerLock)> {
        let permit = self.syncs.acquire().await.map_err(Error::internal)?;
        let mut lock = CustomerLock::open(&self.db, customer).await?;
        while !lock.try_take().await? {
            tokio::time::sleep(LOCK_RETRY).await;
        }
        Ok((permit, lock))
    }

    /// The customer's subscriptions, always with the mirrored one among them.
    async fn ask_for_subscriptions(
        &self,
        customer: &str,
        mirrored: Option<&Mirrored>,
    ) -> Result<Vec<RemoteSubscription>> {
        let mut remote = self.stripe.list_subscriptions(customer).await?;
        if let Some(mirrored) = mirrored
            && remote
                .iter()
                .all(|subscription| subscription.id != mirrored.stripe_id)
        {
            // A deleted customer lists nothing, but its ended subscription can still be asked for.
            let missing = self.stripe.find_subscription(&mirrored.stripe_id).await?;
            remote.push(missing.ok_or_else(|| {
                Error::internal(format!(
                    "Stripe knows no subscription {} of {customer}",
                    mirrored.stripe_id
                ))
            })?);
        }
        Ok(remote)
    }

    /// Writes what counts of `remote` over what is mirrored, in a transaction that
    /// holds the organization's billing row.
    async fn mirror(
        &self,
        tx: &mut Tx,
        org: OrgId,
        remote: &[RemoteSubscription],
        cause: Cause<'_>,
    ) -> Result<()> {
        let mirrored = subscriptions::find_mirrored_of_org(tx, org).await?;
        let Some(chosen) = choose(remote, mirrored.as_ref()) else {
            return Ok(());
        };
        let (plan, interval) = plan_of(chosen, mirrored.as_ref())?;
        let now = self.clock.now();
        let subscription = Subscription {
            stripe_id: chosen.id.clone(),
            plan,
            interval,
            status: chosen.status.clone(),
            current_period_end: chosen.current_period_end,
            trial_end: chosen.trial_end,
            cancel_at_period_end: chosen.cancel_at_period_end,
            canceled_at: chosen.canceled_at,
            synced_at: now,
        };
        subscriptions::write_mirror(
            tx,
            org,
            NewMirror {
                subscription: &subscription,
                current_period_start: chosen.current_period_start,
                event_created: cause.event_created(),
            },
        )
        .await?;
        if chosen.trial_end.is_some() {
            subscriptions::note_trial(tx, org, now).await?;
        }
        let unchanged = mirrored
            .is_some_and(|before| before.plan == plan && before.status == subscription.status);
        if !unchanged {
            let detail = format!("{}, {}", plan.label(), subscription.status.as_str());
            subscriptions::record_change(tx, org, &detail).await?;
        }
        Ok(())
    }
}

/// The organization a customer stands for, its billing row locked. One seen for
/// the first time says so in the metadata of what it bought.
async fn org_of(
    tx: &mut Tx,
    customer: &str,
    remote: &[RemoteSubscription],
) -> Result<Option<OrgId>> {
    if let Some(org) = subscriptions::lock_org_of_customer(tx, customer).await? {
        return Ok(Some(org));
    }
    let Some(org) = remote.iter().find_map(|subscription| subscription.org) else {
        return Ok(None);
    };
    // The new row is ours alone until we commit, which is as good as its lock.
    Ok(subscriptions::attach_customer(tx, org, customer)
        .await?
        .then_some(org))
}

/// The subscription that counts: an organization has one at a time.
///
/// One that grants its plan comes before one that does not, a living one before
/// an ended one, the mirrored one before others, a newer one before an older.
/// The mirrored one never comes back to life: whatever says so is outdated.
fn choose<'a>(
    remote: &'a [RemoteSubscription],
    mirrored: Option<&Mirrored>,
) -> Option<&'a RemoteSubscription> {
    let is_mirrored = |id: &str| mirrored.is_some_and(|mirrored| mirrored.stripe_id == id);
    let has_ended = mirrored.is_some_and(|mirrored| mirrored.status.is_final());
    remote
        .iter()
        .filter(|subscription| {
            !(is_mirrored(&subscription.id) && has_ended && !subscription.status.is_final())
        })
        // What ended at a price that is not ours was something else.
        .filter(|subscription| {
            matches!(subscription.price, RemotePrice::Listed(..))
                || !subscription.status.is_final()
                || is_mirrored(&subscription.id)
        })
        .min_by_key(|subscription| {
            (
                !subscription.status.grants_plan(),
                subscription.status.is_final(),
                !is_mirrored(&subscription.id),
                Reverse(subscription.created),
                &subscription.id,
            )
        })
}

/// The plan that is paid for. At a price that is not ours it is unknown, unless
/// the subscription ended: then it stays what it was.
fn plan_of(
    chosen: &RemoteSubscription,
    mirrored: Option<&Mirrored>,
) -> Result<(Plan, BillingInterval)> {
    match (&chosen.price, mirrored) {
        (RemotePrice::Listed(plan, interval), _) => Ok((*plan, *interval)),
        (RemotePrice::Unlisted(_), Some(mirrored))
            if chosen.status.is_final() && mirrored.stripe_id == chosen.id =>
        {
            Ok((mirrored.plan, mirrored.interval))
        }
        (RemotePrice::Unlisted(price), _) => Err(Error::internal(format!(
            "the subscription {} is at the price {price}, which has no look-up key of a plan",
            chosen.id
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SubscriptionStatus;

    fn remote(id: &str, status: &str, created: i64) -> RemoteSubscription {
        RemoteSubscription {
            id: id.to_owned(),
            org: None,
            price: RemotePrice::Listed(Plan::Pro, BillingInterval::Month),
            status: SubscriptionStatus::parse(status),
            current_period_start: None,
            current_period_end: None,
            trial_end: None,
            cancel_at_period_end: false,
            canceled_at: None,
            created: OffsetDateTime::from_unix_timestamp(created).expect("a time"),
        }
    }

    fn mirrored(id: &str, status: &str) -> Mirrored {
        Mirrored {
            stripe_id: id.to_owned(),
            plan: Plan::Ultra,
            interval: BillingInterval::Year,
            status: SubscriptionStatus::parse(status),
            synced_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn chosen(remote: &[RemoteSubscription], mirrored: Option<&Mirrored>) -> Option<String> {
        choose(remote, mirrored).map(|subscription| subscription.id.clone())
    }

    #[test]
    fn an_ended_subscription_is_not_revived_but_replaced() {
        let ended = mirrored("sub_a", "canceled");
        assert_eq!(chosen(&[remote("sub_a", "active", 1)], Some(&ended)), None);
        assert_eq!(
            chosen(&[remote("sub_a", "canceled", 1)], Some(&ended)),
            Some("sub_a".into())
        );
        assert_eq!(
            chosen(
                &[remote("sub_a", "active", 1), remote("sub_b", "trialing", 2)],
                Some(&ended)
            ),
            Some("sub_b".into())
        );
    }

    #[test]
    fn one_that_grants_its_plan_comes_first_and_then_the_mirrored_one() {
        let all = [
            remote("sub_a", "incomplete", 3),
            remote("sub_b", "active", 1),
            remote("sub_c", "active", 2),
        ];
        assert_eq!(chosen(&all, None), Some("sub_c".into()));
        assert_eq!(
            chosen(&all, Some(&mirrored("sub_b", "active"))),
            Some("sub_b".into())
        );
        assert_eq!(
            chosen(&all, Some(&mirrored("sub_a", "incomplete"))),
            Some("sub_c".into())
        );
    }

    #[test]
    fn a_status_of_tomorrow_is_kept_as_it_is() {
        let all = [
            remote("sub_a", "hibernating", 1),
            remote("sub_b", "canceled", 2),
        ];
        let chosen = choose(&all, None).expect("one of them");
        assert_eq!(chosen.status.as_str(), "hibernating");
    }

    #[test]
    fn a_price_that_is_not_ours_is_an_error_unless_it_is_over() {
        let unlisted = |status| RemoteSubscription {
            price: RemotePrice::Unlisted("price_x".into()),
            ..remote("sub_a", status, 1)
        };
        assert_eq!(chosen(&[unlisted("canceled")], None), None);

        let living = [unlisted("active")];
        assert!(plan_of(choose(&living, None).expect("it lives"), None).is_err());

        let before = mirrored("sub_a", "active");
        let over = [unlisted("canceled")];
        let kept = plan_of(
            choose(&over, Some(&before)).expect("it was ours"),
            Some(&before),
        );
        assert_eq!(kept.expect("known"), (Plan::Ultra, BillingInterval::Year));
    }
}
