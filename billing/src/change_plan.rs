//! Going to another plan or interval: at once to a greater one, at the end of what is paid for
//! to a lesser one.

use super::{Billing, stripe::PlannedChange, sync::Cause, sync::Turn, wishes::Living};
use crate::{
    access::OrgAccess,
    boxed,
    db::subscriptions::Intent,
    domain::{
        ActivityKind, BillingInterval, ChangePreview, LimitedThing, ListedPrice, OverLimit,
        Permission, Plan, SubscriptionStatus, SubscriptionView, TakesEffect, WishKind,
    },
    error::{Error, Result},
    telemetry::SPANS,
};

impl Billing {
    /// What a change would cost, when it would happen, and what there would be more of than
    /// the plan allows. Changes nothing.
    ///
    /// # Errors
    /// As [`Self::change_plan`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.preview_change", skip_all)]
    #[boxed]
    pub async fn preview_change(
        &self,
        access: &OrgAccess,
        plan: Plan,
        interval: BillingInterval,
    ) -> Result<ChangePreview> {
        access.require(Permission::ManageSubscription)?;
        let to = self.sold_price(plan, interval).await?;
        let mut turn = self.take_turn(access.org_id()).await?;
        let living = self.get_living(&mut turn, access).await;
        turn.end().await;
        let living = living?;
        let takes_effect = changeable(&living, &to)?;
        let due_now = match takes_effect {
            TakesEffect::Now => {
                self.stripe
                    .preview_change(&living.remote.id, &living.item, &to.price_id)
                    .await?
            }
            TakesEffect::AtPeriodEnd(_) => None,
        };
        let view = self.find_subscription(access).await?;
        Ok(ChangePreview {
            from: (living.item.price.plan, living.item.price.interval),
            over: over_limits(&view, to.plan),
            to,
            takes_effect,
            due_now,
        })
    }

    /// Changes the plan. A change that was to come is taken back first.
    ///
    /// # Errors
    /// [`Error::Conflict`] if nothing can be changed, the plan is the one there is, the
    /// subscription ends, or the payment is declined; [`Error::Forbidden`] without
    /// [`Permission::ManageSubscription`]; [`Error::Unavailable`] if Stripe does not answer:
    /// trying again is safe.
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.change_plan", skip_all)]
    #[boxed]
    pub async fn change_plan(
        &self,
        access: &OrgAccess,
        plan: Plan,
        interval: BillingInterval,
    ) -> Result<()> {
        access.require(Permission::ManageSubscription)?;
        let to = self.sold_price(plan, interval).await?;
        let mut turn = self.take_turn(access.org_id()).await?;
        let changed = self.change_in_turn(&mut turn, access, &to).await;
        turn.end().await;
        changed
    }

    async fn change_in_turn(
        &self,
        turn: &mut Turn<'_>,
        access: &OrgAccess,
        to: &ListedPrice,
    ) -> Result<()> {
        let living = self.get_living(turn, access).await?;
        let takes_effect = changeable(&living, to)?;
        let from = living.item.price.plan.map_or("unknown plan", Plan::label);
        let wish = WishKind::ChangePlan;
        let detail = format!("{} to {}", living.item.id, to.price_id);
        let intent = self.write_down(access, wish, &detail).await?;
        let done = self.order_change(&living, to, takes_effect, &intent).await;
        self.settle(access, wish, &intent, done).await?;
        let when = match takes_effect {
            TakesEffect::Now => "now",
            TakesEffect::AtPeriodEnd(_) => "at the end of the period",
        };
        let told = format!(
            "{from} → {}, by the {}, {when}",
            to.plan.label(),
            to.interval.as_str()
        );
        let kind = ActivityKind::PlanChanged;
        self.fulfil(access, &intent, kind, &told).await?;
        self.sync_in_turn(turn, access.org_id(), None, Cause::Asked)
            .await?;
        Ok(())
    }

    async fn order_change(
        &self,
        living: &Living,
        to: &ListedPrice,
        takes_effect: TakesEffect,
        intent: &Intent,
    ) -> Result<()> {
        let key = intent.id.to_string();
        let Living { remote, item, .. } = living;
        if let Some(schedule) = &remote.schedule {
            let key = format!("{key}-release");
            self.stripe.release_schedule(&schedule.id, &key).await?;
        }
        match takes_effect {
            TakesEffect::Now => {
                self.stripe
                    .change_price(&remote.id, item, &to.price_id, &key)
                    .await
            }
            TakesEffect::AtPeriodEnd(at) => {
                let change = PlannedChange {
                    subscription: &remote.id,
                    item,
                    to,
                    at,
                };
                self.stripe.plan_change(change, &key).await
            }
        }
    }

    /// Takes a change back that was to come.
    ///
    /// # Errors
    /// [`Error::Conflict`] if there is none; otherwise as [`Self::change_plan`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.take_back_change", skip_all)]
    #[boxed]
    pub async fn take_back_change(&self, access: &OrgAccess) -> Result<()> {
        access.require(Permission::ManageSubscription)?;
        let mut turn = self.take_turn(access.org_id()).await?;
        let taken_back = self.take_back_in_turn(&mut turn, access).await;
        turn.end().await;
        taken_back
    }

    async fn take_back_in_turn(&self, turn: &mut Turn<'_>, access: &OrgAccess) -> Result<()> {
        let living = self.get_living(turn, access).await?;
        let schedule = living.remote.schedule.as_ref().ok_or_else(|| {
            Error::refused("There is no change to take back: it was made, or taken back, already.")
        })?;
        let wish = WishKind::KeepPlan;
        let intent = self.write_down(access, wish, &schedule.id).await?;
        let key = intent.id.to_string();
        let done = self.stripe.release_schedule(&schedule.id, &key).await;
        self.settle(access, wish, &intent, done).await?;
        let kind = ActivityKind::PlanChangeTakenBack;
        self.fulfil(access, &intent, kind, "").await?;
        self.sync_in_turn(turn, access.org_id(), None, Cause::Asked)
            .await?;
        Ok(())
    }
}

/// When a change takes effect.
///
/// # Errors
/// [`Error::Conflict`] if it cannot be made.
fn changeable(living: &Living, to: &ListedPrice) -> Result<TakesEffect> {
    let item = &living.item;
    if item.price.id == to.price_id {
        return Err(Error::refused("That is the plan there is already."));
    }
    if living.mirrored.is_ending() {
        return Err(Error::refused(
            "The subscription is about to end. Keep it first, then change its plan.",
        ));
    }
    match living.remote.status {
        SubscriptionStatus::Active => {}
        // Nothing was paid yet: whatever it is changed to begins when the trial ends.
        SubscriptionStatus::Trialing => return Ok(TakesEffect::Now),
        _ => {
            return Err(Error::refused(
                "Pay what is due first, then change the plan.",
            ));
        }
    }
    let rank = |plan: Plan| Plan::ALL.iter().position(|known| *known == plan);
    let from = item.price.plan.and_then(rank);
    let is_lesser = match rank(to.plan).cmp(&from) {
        std::cmp::Ordering::Less => true,
        std::cmp::Ordering::Greater => false,
        std::cmp::Ordering::Equal => {
            to.interval == BillingInterval::Month
                && item.price.interval == Some(BillingInterval::Year)
        }
    };
    Ok(match item.period_end.filter(|_| is_lesser) {
        Some(end) => TakesEffect::AtPeriodEnd(end),
        None => TakesEffect::Now,
    })
}

/// What there is more of than `plan` allows. What a platform admin granted stays granted.
fn over_limits(view: &SubscriptionView, plan: Plan) -> Vec<OverLimit> {
    let granted = view.plan().limits().members != view.limits.members;
    let limit = if granted {
        view.limits.members
    } else {
        plan.limits().members
    };
    let used = view.seats_used.try_into().unwrap_or(0_u64);
    let mut over = Vec::new();
    if used > u64::from(limit) {
        over.push(OverLimit {
            what: LimitedThing::Members,
            used,
            limit,
        });
    }
    over
}
