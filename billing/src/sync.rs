//! Changing the mirror: the one way, whatever the hint was.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::SemaphorePermit;

use super::{
    Billing,
    decide::{Decision, decide, gone, is_living},
    event::Event,
    gateway::RemoteSubscription,
};
use crate::{
    cache::keys,
    db::{
        Tx,
        activity::{self, NewActivity},
        advisory_lock::{AdvisoryLock, LockGuard},
        orgs,
        subscriptions::{self, Mirrored},
        webhook_events,
    },
    domain::{ActivityKind, OrgId, Plan, Subscription},
    error::{Error, Result},
    telemetry::SPANS,
};

/// How long to wait for others who compare, the same organization or any. Stripe gives a
/// webhook's receiver not much longer, and sends it again.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a taken lock is tried again.
const LOCK_RETRY: Duration = Duration::from_millis(50);

/// Why a customer is compared with Stripe.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cause<'a> {
    /// Stripe said that something changed.
    Event(&'a Event),
    /// Somebody changed something at Stripe, or came back from there.
    Asked,
    /// The organization is about to be deleted, and its owners are told that.
    Deletion,
    /// Everything is compared.
    Reconcile,
    /// The mirror is older than this.
    OlderThan(OffsetDateTime),
}

impl<'a> Cause<'a> {
    pub(super) fn event(self) -> Option<&'a Event> {
        match self {
            Cause::Event(event) => Some(event),
            _ => None,
        }
    }
}

/// The outcome of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Synced {
    /// The mirror shows what Stripe has.
    Compared {
        /// It showed something else before.
        drifted: bool,
        /// More than one subscription lives, or it is at a price of none of our plans.
        in_conflict: bool,
    },
    /// Somebody else did it meanwhile, or is about to.
    AlreadyDone,
    /// The customer is none of our organizations.
    UnknownCustomer,
}

/// The lock of an organization's billing, and the place among those who compare.
pub(super) struct Turn<'a> {
    _permit: SemaphorePermit<'a>,
    lock: LockGuard,
}

impl Turn<'_> {
    /// Makes sure that it is still ours. If its session ended, somebody who asked later may
    /// have written.
    pub(super) async fn confirm(&mut self) -> Result<()> {
        self.lock.confirm().await
    }

    pub(super) async fn end(self) {
        self.lock.release().await;
    }
}

impl Billing {
    /// Asks Stripe for a customer's subscriptions and mirrors the one that counts. When
    /// this returns, every node has applied the change.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if Stripe or the database does not answer, or others take
    /// too long; [`Error::Internal`] if Stripe refuses. Nothing has changed then.
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.sync_customer", skip_all)]
    pub(super) async fn sync_customer(&self, customer: &str, cause: Cause<'_>) -> Result<Synced> {
        let known = subscriptions::find_org_of_customer(&self.db.reader(), customer).await?;
        let org = match known {
            Some(org) => Some(org),
            None => self.find_org_at_stripe(customer).await?,
        };
        if let Some(org) = org {
            return self.sync_org(org, Some(customer), cause).await;
        }
        tracing::warn!(
            stripe.customer = customer,
            "Stripe names a customer that is none of our organizations"
        );
        if let Some(event) = cause.event() {
            let mut tx = self.db.begin().await?;
            let now = self.clock.now();
            webhook_events::mark_processed(&mut tx, &event.id, "ignored", now).await?;
            // The ledger is not cached.
            tx.commit_unannounced().await?;
        }
        Ok(Synced::UnknownCustomer)
    }

    /// The same for an organization. `hinted`: a customer that may be its new one.
    ///
    /// # Errors
    /// As [`Self::sync_customer`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.sync_org", skip_all)]
    pub(super) async fn sync_org(
        &self,
        org: OrgId,
        hinted: Option<&str>,
        cause: Cause<'_>,
    ) -> Result<Synced> {
        let turn = match cause {
            // Whoever has the lock compares.
            Cause::OlderThan(_) => self.try_take_turn(org).await?,
            _ => Some(self.take_turn(org).await?),
        };
        let Some(mut turn) = turn else {
            return Ok(Synced::AlreadyDone);
        };
        let synced = self.sync_in_turn(&mut turn, org, hinted, cause).await;
        turn.end().await;
        synced
    }

    /// The same by who has the turn already.
    pub(super) async fn sync_in_turn(
        &self,
        turn: &mut Turn<'_>,
        org: OrgId,
        hinted: Option<&str>,
        cause: Cause<'_>,
    ) -> Result<Synced> {
        let reader = self.db.reader();
        let mirrored = subscriptions::find_mirrored(&reader, org).await?;
        if let (Cause::OlderThan(limit), Some(mirrored)) = (cause, &mirrored)
            && mirrored.subscription.synced_at >= limit
        {
            return Ok(Synced::AlreadyDone);
        }
        let current = subscriptions::find_customer(&reader, org).await?;
        let asked_at = self.clock.now();
        let mut customers: Vec<&str> = current.iter().map(String::as_str).collect();
        customers.extend(hinted.filter(|hinted| current.as_deref() != Some(hinted)));
        let mut remote = self
            .ask_for_subscriptions(org, &customers, mirrored.as_ref())
            .await?;
        self.resolve_plans(&mut remote).await?;

        let mut tx = self.db.begin().await?;
        let lives = remote.iter().any(is_living);
        let Some(written) = self
            .mirror(&mut tx, org, &remote, &customers, cause)
            .await?
        else {
            // The organization is gone, or the customer is another one's.
            if let Some(event) = cause.event() {
                let now = self.clock.now();
                webhook_events::mark_processed(&mut tx, &event.id, "ignored", now).await?;
                tx.commit_unannounced().await?;
            }
            return Ok(Synced::UnknownCustomer);
        };
        subscriptions::note_seen(&mut tx, org, asked_at, lives).await?;
        if let Some(event) = cause.event() {
            let outcome = if written.in_conflict {
                "conflict"
            } else {
                "processed"
            };
            let now = self.clock.now();
            if !webhook_events::mark_processed(&mut tx, &event.id, outcome, now).await? {
                // The same event was delivered twice at once, and the other was faster.
                return Ok(Synced::AlreadyDone);
            }
        }
        let slug = orgs::find_slug(&mut tx, org).await?;
        turn.confirm().await?;
        let outdated: Vec<_> = slug.iter().map(keys::subscription).collect();
        self.cache.commit(tx, &outdated).await?;
        Ok(Synced::Compared {
            drifted: written.drifted,
            in_conflict: written.in_conflict,
        })
    }

    /// Waits until few enough others compare, and takes the organization's lock.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if others take too long.
    pub(super) async fn take_turn(&self, org: OrgId) -> Result<Turn<'_>> {
        let taking = async {
            let (permit, lock) = self.open_turn(org).await?;
            let lock = lock.acquire(LOCK_RETRY).await?;
            Ok(Turn {
                _permit: permit,
                lock,
            })
        };
        tokio::time::timeout(LOCK_TIMEOUT, taking)
            .await
            .map_err(|elapsed| Error::unavailable("the lock of a subscription", elapsed))?
    }

    /// The same; `None`: somebody else has the lock.
    async fn try_take_turn(&self, org: OrgId) -> Result<Option<Turn<'_>>> {
        let taking = async {
            let (permit, lock) = self.open_turn(org).await?;
            Ok(lock.try_acquire().await?.ok().map(|lock| Turn {
                _permit: permit,
                lock,
            }))
        };
        tokio::time::timeout(LOCK_TIMEOUT, taking)
            .await
            .map_err(|elapsed| Error::unavailable("the lock of a subscription", elapsed))?
    }

    async fn open_turn(&self, org: OrgId) -> Result<(SemaphorePermit<'_>, AdvisoryLock)> {
        let permit = self.syncs.acquire().await.map_err(Error::internal)?;
        let lock = AdvisoryLock::open(self.db.pool(), &format!("billing of {org}")).await?;
        Ok((permit, lock))
    }

    /// The organization that a customer says it pays for, itself or by what it bought.
    async fn find_org_at_stripe(&self, customer: &str) -> Result<Option<OrgId>> {
        let bought = self.stripe.list_subscriptions(customer).await?;
        if let Some(org) = bought.iter().find_map(|subscription| subscription.org) {
            return Ok(Some(org));
        }
        let customer = self.stripe.find_remote_customer(customer).await?;
        Ok(customer.and_then(|customer| customer.org))
    }

    /// The customers' subscriptions, always with the mirrored one among them. What a new
    /// customer bought for another organization is not this one's.
    async fn ask_for_subscriptions(
        &self,
        org: OrgId,
        customers: &[&str],
        mirrored: Option<&Mirrored>,
    ) -> Result<Vec<RemoteSubscription>> {
        let mut remote = Vec::new();
        for customer in customers {
            remote.extend(self.stripe.list_subscriptions(customer).await?);
        }
        remote.retain(|subscription| subscription.org.is_none_or(|owner| owner == org));
        if let Some(mirrored) = mirrored {
            let id = &mirrored.subscription.stripe_id;
            if remote.iter().all(|subscription| subscription.id != *id) {
                // A deleted customer lists nothing, but its ended subscription can still be
                // asked for; and what Stripe does not know any more was deleted.
                let missing = self.stripe.find_subscription(id).await?;
                remote.push(missing.unwrap_or_else(|| gone(mirrored, self.clock.now())));
            }
        }
        Ok(remote)
    }

    /// Writes what counts of `remote` over what is mirrored, and takes the organization's
    /// billing row. `None`: the organization is gone, or another one pays as this customer.
    async fn mirror(
        &self,
        tx: &mut Tx,
        org: OrgId,
        remote: &[RemoteSubscription],
        customers: &[&str],
        cause: Cause<'_>,
    ) -> Result<Option<Written>> {
        let row = subscriptions::lock_billing(tx, org).await?;
        let mirrored = subscriptions::find_mirrored_of_org(tx, org).await?;
        let now = self.clock.now();
        let decision = decide(remote, mirrored.as_ref(), now);
        let current = row.as_ref().map(|row| row.customer.as_str());
        // Who pays is who pays for what counts. A customer that pays for nothing takes the place
        // of no other.
        let payer = decision
            .as_ref()
            .filter(|decision| !decision.subscription.status.is_final())
            .and_then(|decision| decision.customer.as_deref())
            .or(current)
            .or(customers.first().copied());
        if let Some(payer) = payer.filter(|payer| current != Some(payer)) {
            if !subscriptions::attach_customer(tx, org, payer).await? {
                return Ok(None);
            }
            tracing::info!(org.id = %org, stripe.customer = payer, "the organization pays as another customer");
        }
        if remote.iter().any(|one| one.trial_end.is_some()) {
            subscriptions::note_trial(tx, org, now).await?;
        }
        let before = mirrored.as_ref().map(|mirrored| &mirrored.subscription);
        let Some(decision) = decision else {
            self.tell(tx, org, before, None, cause).await?;
            return Ok(Some(Written::default()));
        };
        let event_created = cause.event().map(|event| event.created);
        let Decision {
            subscription,
            price_id,
            ..
        } = decision;
        subscriptions::write_mirror(tx, org, &subscription, price_id.as_deref(), event_created)
            .await?;
        record(tx, org, before, &subscription).await?;
        self.tell(tx, org, before, Some(&subscription), cause)
            .await?;
        Ok(Some(Written {
            drifted: is_drift(before, &subscription),
            in_conflict: subscription.terms.conflict.is_some(),
        }))
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Written {
    drifted: bool,
    in_conflict: bool,
}

/// Whether the mirror showed something else, but for when it was compared.
fn is_drift(before: Option<&Subscription>, after: &Subscription) -> bool {
    before.is_none_or(|before| {
        let at = after.synced_at;
        let then = Subscription {
            synced_at: at,
            ..before.clone()
        };
        then != *after
    })
}

/// Writes into the audit log that plan or status changed.
async fn record(
    tx: &mut Tx,
    org: OrgId,
    before: Option<&Subscription>,
    after: &Subscription,
) -> Result<()> {
    if before.is_some_and(|before| before.plan == after.plan && before.status == after.status) {
        return Ok(());
    }
    let plan = after.plan.map_or("unknown plan", Plan::label);
    let detail = format!("{plan}, {}", after.status.as_str());
    let activity = NewActivity {
        org,
        actor: None,
        actor_name: "Stripe",
        kind: ActivityKind::SubscriptionChanged,
        subject: "",
        detail: &detail,
    };
    activity::insert(tx, activity).await
}
