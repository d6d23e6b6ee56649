//! `/v1/subscription_schedules`.

use super::{Routed, lists, object, retrieve};
use crate::{
    calendar,
    error::{ApiError, ApiResult},
    objects::{Phase, Schedule},
    params::Params,
    store::Store,
};

pub(super) fn route(store: &mut Store, method: &str, path: &[&str], params: &Params) -> Routed {
    Some(match (method, path) {
        ("POST", []) => create(store, params),
        ("GET", []) => list(store, params),
        ("GET", [id]) => retrieve(store, params, "subscription_schedule", id),
        ("POST", [id]) => update(store, params, id),
        ("POST", [id, "release"]) => release(store, params, id),
        ("POST", [id, "cancel"]) => cancel(store, params, id),
        _ => return None,
    })
}

fn create(store: &mut Store, params: &Params) -> ApiResult {
    params.allow(&["from_subscription", "metadata[*]"])?;
    let subscription_id = params.required("from_subscription")?;
    let subscription = store
        .subscriptions
        .get(subscription_id)
        .ok_or_else(|| {
            ApiError::missing_param("subscription", subscription_id, "from_subscription")
        })?
        .clone();
    if subscription.is_over() {
        return Err(ApiError::invalid(
            "You cannot migrate a subscription that is canceled.",
        ));
    }
    if let Some(schedule) = &subscription.schedule {
        return Err(ApiError::invalid(format!(
            "You cannot migrate a subscription that is already attached to a schedule: \
             {schedule}."
        )));
    }
    let id = store.new_id("sub_sched");
    let mut schedule = Schedule {
        id: id.clone(),
        customer: subscription.customer.clone(),
        subscription: Some(subscription.id.clone()),
        status: "active".to_owned(),
        end_behavior: if subscription.cancel_at_period_end {
            "cancel"
        } else {
            "release"
        }
        .to_owned(),
        phases: vec![Phase {
            start: subscription.current_period_start,
            end: subscription.current_period_end,
            items: subscription
                .items()
                .into_iter()
                .map(|item| (item.price, item.quantity))
                .collect(),
            proration_behavior: "create_prorations".to_owned(),
            coupon: subscription.coupon.clone(),
            trial_end: subscription
                .trial_end
                .filter(|_| subscription.status == "trialing"),
            ..Phase::default()
        }],
        billing_mode: subscription.billing_mode.clone(),
        created: store.now_of(&subscription.customer),
        ..Schedule::default()
    };
    params.merge_map("metadata", &mut schedule.metadata);
    store.schedules.insert(id.clone(), schedule);
    store.change(&subscription.id, |subscription| {
        subscription.schedule = Some(id.clone());
    });
    store.emit("subscription_schedule.created", &id);
    object(store, "subscription_schedule", &id)
}

fn update(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&[
        "end_behavior",
        "proration_behavior",
        "metadata",
        "metadata[*]",
        "phases[*][start_date]",
        "phases[*][end_date]",
        "phases[*][iterations]",
        "phases[*][duration][interval]",
        "phases[*][duration][interval_count]",
        "phases[*][items][*][price]",
        "phases[*][items][*][quantity]",
        "phases[*][items][*][metadata][*]",
        "phases[*][proration_behavior]",
        "phases[*][metadata][*]",
        "phases[*][discounts][*][coupon]",
        "phases[*][trial_end]",
        "phases[*][billing_cycle_anchor]",
        "phases[*][collection_method]",
    ])?;
    let mut schedule = living(store, id)?;
    let phases = params.list("phases");
    if !phases.is_empty() {
        schedule.phases = read_phases(store, &schedule, &phases)?;
        schedule.current = schedule.index_at(store.now_of(&schedule.customer));
    }
    if let Some(behavior) = params.one_of("end_behavior", &["release", "cancel", "none"])? {
        behavior.clone_into(&mut schedule.end_behavior);
    }
    params.merge_map("metadata", &mut schedule.metadata);
    store.schedules.insert(id.to_owned(), schedule);
    store.emit("subscription_schedule.updated", id);
    object(store, "subscription_schedule", id)
}

fn read_phases(
    store: &Store,
    schedule: &Schedule,
    phases: &[Params],
) -> Result<Vec<Phase>, ApiError> {
    let now = store.now_of(&schedule.customer);
    let mut read: Vec<Phase> = Vec::new();
    for (index, phase) in phases.iter().enumerate() {
        let field = |name: &str| format!("phases[{index}][{name}]");
        let start = match (phase.moment("start_date", now)?, read.last()) {
            (Some(start), _) => start,
            (None, Some(before)) => before.end,
            (None, None) => {
                return Err(ApiError::invalid(
                    "The first phase must have a start_date: when the current one began.",
                )
                .with_param(&field("start_date")));
            }
        };
        let mut items = Vec::new();
        for item in phase.list("items") {
            let price = item.required("price")?.to_owned();
            if !store.prices.contains_key(&price) {
                return Err(ApiError::missing_param("price", &price, &field("items")));
            }
            items.push((price, item.quantity()?.unwrap_or(1)));
        }
        let Some((price, _)) = items.first() else {
            return Err(ApiError::invalid("Each phase needs items.").with_param(&field("items")));
        };
        let price = store.price_or_unlisted(price);
        let end = match phase.moment("end_date", now)? {
            Some(end) => end,
            None => {
                let (unit, count) = match phase.set_text("duration[interval]") {
                    Some(unit) => (
                        unit,
                        phase
                            .number("duration[interval_count]", 1..=100)?
                            .unwrap_or(1),
                    ),
                    None => {
                        let times = phase.number("iterations", 1..=100)?.unwrap_or(1);
                        (price.interval, price.interval_count * times)
                    }
                };
                calendar::add(start, start, &unit, count)
            }
        };
        if end <= start || read.last().is_some_and(|before| before.end != start) {
            return Err(ApiError::invalid("The phases must follow each other.")
                .with_param(&field("end_date")));
        }
        let mut made = Phase {
            start,
            end,
            items,
            proration_behavior: phase
                .set_text("proration_behavior")
                .unwrap_or_else(|| "create_prorations".to_owned()),
            coupon: phase.set_text("discounts[0][coupon]"),
            trial_end: phase.moment("trial_end", now)?,
            ..Phase::default()
        };
        phase.merge_map("metadata", &mut made.metadata);
        read.push(made);
    }
    let begun = schedule.phases.get(schedule.current);
    if read.first().map(|phase| phase.start) > begun.map(|phase| phase.start) {
        return Err(
            ApiError::invalid("You can not modify the start date of the current phase.")
                .with_param("phases[0][start_date]"),
        );
    }
    Ok(read)
}

/// The schedule, if it can still change.
fn living(store: &Store, id: &str) -> Result<Schedule, ApiError> {
    let schedule = store
        .schedules
        .get(id)
        .ok_or_else(|| ApiError::missing("subscription_schedule", id))?;
    if schedule.status == "active" {
        return Ok(schedule.clone());
    }
    Err(ApiError::invalid(format!(
        "You cannot change a subscription schedule that is currently in the `{}` status.",
        schedule.status
    )))
}

fn release(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&["preserve_cancel_date"])?;
    living(store, id)?;
    store.end_schedule(id, "released");
    object(store, "subscription_schedule", id)
}

fn cancel(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&["invoice_now", "prorate"])?;
    let schedule = living(store, id)?;
    match schedule.subscription {
        Some(subscription) => store.cancel_now(&subscription, Some("cancellation_requested")),
        None => store.end_schedule(id, "canceled"),
    }
    object(store, "subscription_schedule", id)
}

fn list(store: &Store, params: &Params) -> ApiResult {
    lists::allow(params, &["customer", "scheduled", "created", "created[*]"])?;
    let mut rows = Vec::new();
    for schedule in store.schedules.values() {
        let matches = params
            .text("customer")
            .is_none_or(|customer| schedule.customer == customer)
            && params.in_range("created", schedule.created)?;
        if matches {
            rows.push((schedule.created, schedule.id.clone()));
        }
    }
    lists::page(store, "/v1/subscription_schedules", rows, params)
}
