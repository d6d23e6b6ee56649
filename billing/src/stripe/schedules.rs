use std::collections::HashMap;

use stripe_billing::subscription_schedule::{
    CreateSubscriptionSchedule, ReleaseSubscriptionSchedule, UpdateSubscriptionSchedule,
    UpdateSubscriptionSchedulePhases as Phase, UpdateSubscriptionSchedulePhasesDuration,
    UpdateSubscriptionSchedulePhasesDurationInterval, UpdateSubscriptionSchedulePhasesEndDate,
    UpdateSubscriptionSchedulePhasesItems as PhaseItem,
    UpdateSubscriptionSchedulePhasesProrationBehavior, UpdateSubscriptionSchedulePhasesStartDate,
};
use stripe_shared::SubscriptionScheduleEndBehavior;
use time::OffsetDateTime;

use super::{INTERVAL_METADATA_KEY, PLAN_METADATA_KEY, Stripe, json::Object};
use crate::{
    domain::{BillingInterval, ListedPrice},
    error::{Error, Result},
    gateway::{RemoteItem, RemotePhase, RemoteSchedule},
};

/// A change of an item's price that happens by itself.
pub(crate) struct PlannedChange<'a> {
    pub subscription: &'a str,
    pub item: &'a RemoteItem,
    pub to: &'a ListedPrice,
    /// End of what is paid for.
    pub at: OffsetDateTime,
}

impl Stripe {
    /// Has an item go to another price at the end of its period. The subscription has no
    /// schedule yet.
    pub async fn plan_change(&self, change: PlannedChange<'_>, key: &str) -> Result<()> {
        let order = CreateSubscriptionSchedule::new().from_subscription(change.subscription);
        let made = self.order(&order, key).await?;
        let made = Object(&made);
        let id = made
            .text("id")
            .ok_or_else(|| Error::internal("Stripe made a schedule without an id"))?;
        // The first phase has to be said again, as it began.
        let began = made
            .list("phases")
            .first()
            .and_then(|phase| Object(phase).number("start_date"))
            .or_else(|| change.item.period_start.map(OffsetDateTime::unix_timestamp));
        let mut until_then = Phase::new(vec![phase_item(
            &change.item.price.id,
            change.item.quantity,
        )]);
        until_then.start_date = began.map(UpdateSubscriptionSchedulePhasesStartDate::Timestamp);
        until_then.end_date = Some(UpdateSubscriptionSchedulePhasesEndDate::Timestamp(
            change.at.unix_timestamp(),
        ));
        let mut from_then = Phase::new(vec![phase_item(&change.to.price_id, change.item.quantity)]);
        from_then.duration = Some(UpdateSubscriptionSchedulePhasesDuration::new(match change
            .to
            .interval
        {
            BillingInterval::Month => UpdateSubscriptionSchedulePhasesDurationInterval::Month,
            BillingInterval::Year => UpdateSubscriptionSchedulePhasesDurationInterval::Year,
        }));
        from_then.proration_behavior =
            Some(UpdateSubscriptionSchedulePhasesProrationBehavior::None);
        from_then.metadata = Some(HashMap::from([
            (
                PLAN_METADATA_KEY.to_owned(),
                change.to.plan.as_str().to_owned(),
            ),
            (
                INTERVAL_METADATA_KEY.to_owned(),
                change.to.interval.as_str().to_owned(),
            ),
        ]));
        let order = UpdateSubscriptionSchedule::new(id)
            .end_behavior(SubscriptionScheduleEndBehavior::Release)
            .phases(vec![until_then, from_then]);
        self.order(&order, &format!("{key}-phases")).await?;
        Ok(())
    }

    /// Ends a schedule and leaves its subscription as it is. One that ended, or never was, is
    /// fine.
    pub async fn release_schedule(&self, id: &str, key: &str) -> Result<()> {
        self.order_of(&ReleaseSubscriptionSchedule::new(id), key)
            .await?;
        Ok(())
    }
}

fn phase_item(price: &str, quantity: u64) -> PhaseItem {
    let mut item = PhaseItem::new();
    item.price = Some(price.to_owned());
    item.quantity = Some(quantity);
    item
}

/// `None`: it is over.
pub(super) fn read(schedule: Object<'_>) -> Option<RemoteSchedule> {
    if !matches!(
        schedule.text("status"),
        Some("active" | "not_started") | None
    ) {
        return None;
    }
    let phase = |phase: Object<'_>| RemotePhase {
        start: phase.moment("start_date"),
        end: phase.moment("end_date"),
        price: phase
            .list("items")
            .first()
            .and_then(|item| Object(item).id_of("price"))
            .map(str::to_owned),
        plan: phase
            .metadata(PLAN_METADATA_KEY)
            .and_then(|plan| plan.parse().ok()),
        interval: phase
            .metadata(INTERVAL_METADATA_KEY)
            .and_then(|interval| interval.parse().ok()),
    };
    Some(RemoteSchedule {
        id: schedule.owned("id")?,
        phases: schedule
            .list("phases")
            .iter()
            .map(|one| phase(Object(one)))
            .collect(),
    })
}
