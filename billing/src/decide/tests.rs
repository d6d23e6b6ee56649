use super::*;
use crate::{
    domain::{BillingInterval, Currency, Cycle, Money, Plan},
    gateway::{RemoteItem, RemotePrice},
};

mod histories;

fn moment(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).expect("a time")
}

fn item(id: &str, plan: Option<Plan>) -> RemoteItem {
    RemoteItem {
        id: id.to_owned(),
        price: RemotePrice {
            id: format!("price_{}", plan.map_or("special", Plan::as_str)),
            product: None,
            plan,
            interval: Some(BillingInterval::Month),
            unit: Some(Money::new(4_900, Currency::parse("usd").expect("usd"))),
            cycle: Some(Cycle {
                count: 1,
                unit: "month".to_owned(),
            }),
        },
        quantity: 1,
        period_start: Some(moment(1_000)),
        period_end: Some(moment(2_000)),
    }
}

fn remote(id: &str, status: &str, created: i64) -> RemoteSubscription {
    RemoteSubscription {
        id: id.to_owned(),
        customer: Some("cus_1".to_owned()),
        org: None,
        items: vec![item("si_1", Some(Plan::Pro))],
        status: SubscriptionStatus::parse(status),
        trial_end: None,
        cancel_at_period_end: false,
        cancel_at: None,
        canceled_at: None,
        created: Some(moment(created)),
        discounts: Vec::new(),
        paused: None,
        pending_update_until: None,
        schedule: None,
    }
}

/// The mirror after exactly this was seen.
fn mirrored(remote: &RemoteSubscription) -> Mirrored {
    let decision = decide(std::slice::from_ref(remote), None, moment(0)).expect("it counts");
    Mirrored {
        subscription: decision.subscription,
        price_id: decision.price_id,
    }
}

fn chosen(all: &[RemoteSubscription], before: Option<&Mirrored>) -> Option<String> {
    decide(all, before, moment(0)).map(|decision| decision.subscription.stripe_id)
}

#[test]
fn an_ended_subscription_is_not_revived_but_replaced() {
    let ended = mirrored(&remote("sub_a", "canceled", 1));
    assert_eq!(chosen(&[remote("sub_a", "active", 1)], Some(&ended)), None);
    assert_eq!(
        chosen(&[remote("sub_a", "canceled", 1)], Some(&ended)),
        Some("sub_a".into())
    );
    let both = [remote("sub_a", "active", 1), remote("sub_b", "trialing", 2)];
    assert_eq!(chosen(&both, Some(&ended)), Some("sub_b".into()));
}

#[test]
fn a_subscription_that_grants_its_plan_comes_first_then_the_mirrored_one() {
    let all = [
        remote("sub_a", "incomplete", 3),
        remote("sub_b", "active", 1),
        remote("sub_c", "active", 2),
    ];
    assert_eq!(chosen(&all, None), Some("sub_c".into()));
    let of = |at: usize| mirrored(&all[at]);
    assert_eq!(chosen(&all, Some(&of(1))), Some("sub_b".into()));
    assert_eq!(chosen(&all, Some(&of(0))), Some("sub_c".into()));
    let decision = decide(&all, None, moment(0)).expect("one counts");
    assert_eq!(
        decision.subscription.terms.conflict,
        Some(Conflict::SeveralLive(2))
    );
}

#[test]
fn an_unknown_status_is_kept_as_it_is() {
    let all = [
        remote("sub_a", "hibernating", 1),
        remote("sub_b", "canceled", 2),
    ];
    let decision = decide(&all, None, moment(0)).expect("one of them");
    assert_eq!(decision.subscription.status.as_str(), "hibernating");
}

#[test]
fn at_an_unknown_price_everything_else_is_taken_over() {
    let unlisted = |status| RemoteSubscription {
        items: vec![item("si_1", None)],
        ..remote("sub_a", status, 1)
    };
    assert_eq!(
        chosen(&[unlisted("canceled")], None),
        None,
        "it was none of our plans"
    );

    let before = mirrored(&remote("sub_a", "active", 1));
    let now = decide(&[unlisted("past_due")], Some(&before), moment(5)).expect("it lives");
    let (seen, terms) = (&now.subscription, &now.subscription.terms);
    assert_eq!((seen.status.as_str(), seen.plan), ("past_due", None));
    assert_eq!(seen.current_period_end, Some(moment(2_000)));
    assert_eq!(
        terms.conflict,
        Some(Conflict::UnknownPrice("price_special".into()))
    );
    assert_eq!(terms.unpaid_since, Some(moment(5)));

    let over = decide(&[unlisted("canceled")], Some(&before), moment(5)).expect("it was ours");
    assert_eq!(over.subscription.plan, Some(Plan::Pro), "as it was");
}

#[test]
fn a_price_that_lost_its_key_keeps_the_plan_it_was_known_for() {
    let before = mirrored(&remote("sub_a", "active", 1));
    let mut now = remote("sub_a", "past_due", 1);
    now.items[0].price.plan = None;
    let decision = decide(&[now], Some(&before), moment(0)).expect("it lives");
    assert_eq!(decision.subscription.plan, Some(Plan::Pro));
    assert_eq!(decision.subscription.terms.conflict, None);
}

#[test]
fn of_two_plans_the_greater_counts_in_any_order() {
    let mut both = remote("sub_a", "active", 1);
    both.items = vec![
        item("si_3", Some(Plan::Pro)),
        item("si_2", Some(Plan::Ultra)),
        item("si_1", None),
    ];
    for _ in 0..3 {
        both.items.rotate_left(1);
        let decision = decide(std::slice::from_ref(&both), None, moment(0)).expect("it lives");
        assert_eq!(decision.subscription.plan, Some(Plan::Ultra));
        assert_eq!(decision.subscription.terms.other_items, 2);
    }
}

#[test]
fn without_items_status_and_customer_are_taken_over() {
    let before = mirrored(&remote("sub_a", "active", 1));
    let mut now = remote("sub_a", "unpaid", 1);
    now.items.clear();
    let decision = decide(&[now], Some(&before), moment(0)).expect("it lives");
    assert_eq!(decision.subscription.status.as_str(), "unpaid");
    assert_eq!(decision.subscription.plan, Some(Plan::Pro));
    assert_eq!(decision.customer.as_deref(), Some("cus_1"));
}
