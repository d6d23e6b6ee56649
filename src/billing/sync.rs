//! Changing the mirror: the one way, whatever the hint was.

use std::{cmp::Reverse, time::Duration};

use time::OffsetDateTime;
use tokio::sync::SemaphorePermit;

use super::{
    Billing,
    gateway::{RemotePrice, RemoteSubscription},
    webhook::Event,
};
use crate::{
    cache::keys,
    db::{
        Tx,
        activity::{self, NewActivity},
        advisory_lock::{AdvisoryLock, LockGuard},
        orgs,
        subscriptions::{self, MirrorWrite, Mirrored},
        webhook_events,
    },
    domain::{ActivityKind, BillingInterval, OrgId, Plan, Subscription},
    error::{Error, Result},
    telemetry::SPANS,
};

/// How long to wait for others who compare, the same customer or any. Stripe gives a
/// webhook's receiver not much longer, and sends it again.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

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

/// The outcome of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Synced {
    /// The mirror shows what Stripe has.
    Compared,
    /// Somebody else did it meanwhile, or is about to.
    AlreadyDone,
    /// The customer is none of our organizations.
    UnknownCustomer,
}

impl Billing {
    /// Asks Stripe for a customer's subscriptions and mirrors the one that counts. When
    /// this returns, every node has applied the change.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if Stripe or the database does not answer, or others take
    /// too long; [`Error::Internal`] if Stripe has what the mirror cannot hold. Nothing has
    /// changed then.
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.sync_customer", skip_all)]
    pub(super) async fn sync_customer(&self, customer: &str, cause: Cause<'_>) -> Result<Synced> {
        let locked = tokio::time::timeout(LOCK_TIMEOUT, self.lock_customer(customer, cause))
            .await
            .map_err(|elapsed| Error::unavailable("the lock of a Stripe customer", elapsed))??;
        let Some((_permit, mut lock)) = locked else {
            return Ok(Synced::AlreadyDone);
        };

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
                "an event names a customer that is none of our organizations"
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
        // If its session ended, the lock is gone, and somebody who asked later may have
        // written.
        lock.confirm().await?;
        let synced = match slug {
            Some(slug) => {
                self.cache.commit(tx, &[keys::subscription(&slug)]).await?;
                Synced::Compared
            }
            None => {
                tx.commit_unannounced().await?;
                Synced::UnknownCustomer
            }
        };
        lock.release().await;
        Ok(synced)
    }

    /// Waits until few enough others compare, and takes the customer's lock. An event waits
    /// for it: it must not be lost. A routine comparison leaves it to whoever has it.
    async fn lock_customer(
        &self,
        customer: &str,
        cause: Cause<'_>,
    ) -> Result<Option<(SemaphorePermit<'_>, LockGuard)>> {
        let permit = self.syncs.acquire().await.map_err(Error::internal)?;
        let name = format!("stripe customer {customer}");
        let lock = AdvisoryLock::open(self.db.pool(), &name).await?;
        let guard = match cause {
            Cause::Event(_) => Some(lock.acquire(LOCK_RETRY).await?),
            Cause::OlderThan(_) => lock.try_acquire().await?.ok(),
        };
        Ok(guard.map(|guard| (permit, guard)))
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
                    "Stripe has no subscription {} of {customer}",
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
            MirrorWrite {
                subscription: &subscription,
                current_period_start: chosen.current_period_start,
                event_created: cause.event_created(),
            },
        )
        .await?;
        if chosen.trial_end.is_some() {
            subscriptions::note_trial(tx, org, now).await?;
        }
        let is_unchanged = mirrored
            .is_some_and(|before| before.plan == plan && before.status == subscription.status);
        if !is_unchanged {
            let detail = format!("{}, {}", plan.label(), subscription.status.as_str());
            let activity = NewActivity {
                org,
                actor: None,
                actor_name: "Stripe",
                kind: ActivityKind::SubscriptionChanged,
                subject: "",
                detail: &detail,
            };
            activity::insert(tx, activity).await?;
        }
        Ok(())
    }
}

/// The organization a customer stands for, its billing row locked. The metadata of what a
/// new customer bought names it.
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
    // Nobody else sees the new row until we commit, which is as good as its lock.
    Ok(subscriptions::attach_customer(tx, org, customer)
        .await?
        .then_some(org))
}

/// The subscription that counts: an organization has one at a time.
///
/// One that grants its plan comes before one that does not, a live one before an ended one,
/// the mirrored one before others, a newer one before an older. The mirrored one never comes
/// back to life: whatever says so is outdated.
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
        // What ended at a price that is not ours was not a plan of ours.
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

/// The plan that is paid for. At a price that is not ours it is unknown, unless the
/// subscription ended: then it stays what it was.
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
    fn a_subscription_that_grants_its_plan_comes_first_then_the_mirrored_one() {
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
    fn an_unknown_status_is_kept_as_it_is() {
        let all = [
            remote("sub_a", "hibernating", 1),
            remote("sub_b", "canceled", 2),
        ];
        let chosen = choose(&all, None).expect("one of them");
        assert_eq!(chosen.status.as_str(), "hibernating");
    }

    #[test]
    fn an_unlisted_price_is_an_error_unless_the_subscription_ended() {
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
