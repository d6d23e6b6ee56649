//! Which of a customer's subscriptions counts, and what is mirrored of it: rules alone, which
//! ask nobody.

use std::cmp::Reverse;

use time::OffsetDateTime;

use super::gateway::RemoteSubscription;
use crate::{
    db::subscriptions::Mirrored,
    domain::{Conflict, Subscription, SubscriptionStatus, Terms},
};

/// What is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub subscription: Subscription,
    pub price_id: Option<String>,
    /// Who pays for it.
    pub customer: Option<String>,
}

/// What the mirror shows, after Stripe was asked for everything that the organization has
/// there; `None`: nothing that would be one of our subscriptions.
///
/// It depends on what is there and not on the order in which it is told, and deciding twice
/// is deciding once.
pub(super) fn decide(
    remote: &[RemoteSubscription],
    mirrored: Option<&Mirrored>,
    now: OffsetDateTime,
) -> Option<Decision> {
    let chosen = choose(remote, mirrored)?;
    let item = chosen.main_item();
    let price = item.map(|item| &item.price);
    let before = mirrored
        .filter(|before| before.subscription.stripe_id == chosen.id)
        .map(|before| (&before.subscription, before.price_id.as_deref()));
    let price_id = price.map(|price| price.id.clone());
    // What cannot be read, or has ended, is what it was as long as its price is.
    let keeps_plan = chosen.status.is_final()
        || before.is_some_and(|(_, known)| known.is_some() && known == price_id.as_deref());
    let kept = before.filter(|_| keeps_plan || price.is_none());
    let plan = price
        .and_then(|price| price.plan)
        .or_else(|| kept.and_then(|(kept, _)| kept.plan));
    let interval = match price {
        Some(price) if price.cycle.is_some() => price.interval,
        _ => kept.and_then(|(kept, _)| kept.interval),
    };
    let living = remote.iter().filter(|one| is_living(one)).count();
    let conflict = if living > 1 && is_living(chosen) {
        Some(Conflict::SeveralLive(living.try_into().unwrap_or(u32::MAX)))
    } else if plan.is_none() && !chosen.status.is_final() {
        Some(Conflict::UnknownPrice(price_id.clone().unwrap_or_default()))
    } else {
        None
    };
    let is_unpaid = matches!(
        chosen.status,
        SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid
    );
    let unpaid_since = is_unpaid.then(|| {
        before
            .and_then(|(before, _)| before.terms.unpaid_since)
            .unwrap_or(now)
    });
    let period_end = item.and_then(|item| item.period_end);
    let subscription = Subscription {
        stripe_id: chosen.id.clone(),
        plan,
        interval,
        status: chosen.status.clone(),
        current_period_start: item.and_then(|item| item.period_start),
        current_period_end: period_end,
        trial_end: chosen.trial_end,
        cancel_at_period_end: chosen.cancel_at_period_end,
        canceled_at: chosen.canceled_at,
        terms: Terms {
            charge: item.map(|item| crate::domain::Charge {
                price_id: item.price.id.clone(),
                unit: item.price.unit.clone(),
                quantity: item.quantity,
                cycle: item.price.cycle.clone(),
            }),
            other_items: chosen
                .items
                .len()
                .saturating_sub(1)
                .try_into()
                .unwrap_or(u32::MAX),
            discounts: chosen.discounts.clone(),
            paused: chosen.paused.clone(),
            coming: chosen.coming(now).filter(|_| !chosen.status.is_final()),
            ends_at: chosen
                .cancel_at
                .or(period_end.filter(|_| chosen.cancel_at_period_end)),
            waits_for_payment_until: chosen.pending_update_until,
            unpaid_since,
            conflict,
        },
        synced_at: now,
    };
    Some(Decision {
        subscription,
        price_id,
        customer: chosen.customer.clone(),
    })
}

/// Whether something is or will be paid for it: not if it ended, and not before its first
/// payment.
pub(super) fn is_living(subscription: &RemoteSubscription) -> bool {
    !subscription.status.is_final() && subscription.status != SubscriptionStatus::Incomplete
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
    let mirrored = mirrored.map(|mirrored| &mirrored.subscription);
    let is_mirrored = |id: &str| mirrored.is_some_and(|mirrored| mirrored.stripe_id == id);
    let has_ended = mirrored.is_some_and(|mirrored| mirrored.status.is_final());
    remote
        .iter()
        .filter(|subscription| {
            !(is_mirrored(&subscription.id) && has_ended && !subscription.status.is_final())
        })
        // What ended at a price that is not ours was not a plan of ours.
        .filter(|subscription| {
            let is_ours = subscription
                .main_item()
                .is_some_and(|item| item.price.plan.is_some());
            is_ours || !subscription.status.is_final() || is_mirrored(&subscription.id)
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

/// What stands for a mirrored subscription that Stripe does not know any more: it was deleted.
pub(super) fn gone(mirrored: &Mirrored, now: OffsetDateTime) -> RemoteSubscription {
    let before = &mirrored.subscription;
    RemoteSubscription {
        id: before.stripe_id.clone(),
        customer: None,
        org: None,
        items: Vec::new(),
        status: if before.status.is_final() {
            before.status.clone()
        } else {
            SubscriptionStatus::Canceled
        },
        trial_end: before.trial_end,
        cancel_at_period_end: before.cancel_at_period_end,
        cancel_at: before.terms.ends_at,
        canceled_at: before.canceled_at.or(Some(now)),
        created: None,
        discounts: Vec::new(),
        paused: None,
        pending_update_until: None,
        schedule: None,
    }
}

#[cfg(test)]
mod tests;
