//! What Stripe charges for a subscription, and when it was asked.

use leptos::prelude::*;
use orghub_domain::{Charge, Discount, DiscountAmount, Subscription};
use time::OffsetDateTime;

use super::{
    dates::{Day, Moment},
    grouped,
};

/// Amount, quantity, discounts and period as Stripe has them; what is not known is left out,
/// and nothing stands in for it.
#[component]
pub fn Charges(subscription: Subscription) -> impl IntoView {
    let terms = &subscription.terms;
    let charge = terms.charge.as_ref();
    let amount = view! {
        <div class="facts__fact" data-fact="amount">
            <dt>"Stripe charges"</dt>
            <dd>
                <span class="facts__strong">{amount_in_words(&subscription)}</span>
                <span class="facts__more">{before(&subscription)}</span>
            </dd>
        </div>
    };
    let quantity = charge.filter(|charge| charge.quantity != 1).map(|charge| {
        let each = charge.unit.as_ref().map(|unit| format!("{unit} each"));
        view! {
            <div class="facts__fact" data-fact="quantity">
                <dt>"Quantity"</dt>
                <dd>
                    <span>{quantity_in_words(charge)}</span>
                    {each.map(|text| view! { <span class="facts__more">{text}</span> })}
                </dd>
            </div>
        }
    });
    let others = (terms.other_items > 0).then(|| {
        view! {
            <div class="facts__fact" data-fact="others">
                <dt>"Besides the plan"</dt>
                <dd><span>{further(terms.other_items)}</span></dd>
            </div>
        }
    });
    let discounts = (!terms.discounts.is_empty()).then(|| {
        let lines = terms.discounts.iter().map(discount).collect_view();
        view! {
            <div class="facts__fact" data-fact="discount">
                <dt>"Discount"</dt>
                <dd>{lines}</dd>
            </div>
        }
    });
    let period = period(
        subscription.current_period_start,
        subscription.current_period_end,
    );
    view! {
        <dl class="facts">
            {amount}
            {quantity}
            {others}
            {discounts}
            {period}
            <div class="facts__fact" data-fact="compared">
                <dt>"Compared with Stripe"</dt>
                <dd><Moment at=subscription.synced_at/></dd>
            </div>
        </dl>
    }
    .into_any()
}

/// `49.00 USD a month`, before discounts and tax.
pub(super) fn amount_in_words(subscription: &Subscription) -> String {
    let charge = subscription.terms.charge.as_ref();
    let known = charge.and_then(|charge| {
        let total = charge.total()?;
        Some(match &charge.cycle {
            Some(cycle) if cycle.count == 1 => format!("{total} a {}", cycle.label()),
            Some(cycle) => format!("{total} every {}", cycle.label()),
            None => total.to_string(),
        })
    });
    known.unwrap_or_else(|| "An amount that is not one number".to_owned())
}

fn before(subscription: &Subscription) -> &'static str {
    if subscription.terms.charge.is_none() {
        "See the invoices."
    } else if subscription.terms.discounts.is_empty() {
        "before tax"
    } else {
        "before discounts and tax"
    }
}

fn quantity_in_words(charge: &Charge) -> String {
    i64::try_from(charge.quantity).map_or_else(|_| charge.quantity.to_string(), grouped)
}

fn further(items: u32) -> String {
    match items {
        1 => "1 further item".to_owned(),
        items => format!("{} further items", grouped(items)),
    }
}

fn discount(discount: &Discount) -> AnyView {
    let amount = match &discount.amount {
        DiscountAmount::HundredthsOfPercent(hundredths) => percent(*hundredths),
        DiscountAmount::Money(money) => format!("{money} off"),
        DiscountAmount::Unknown => "of an amount not known here".to_owned(),
    };
    let name = discount.name.clone();
    let until = discount
        .ends_at
        .map(|at| view! { <span class="facts__more">"until "<Day at/></span> });
    view! {
        <span>{amount}</span>
        {name.map(|name| view! { <span class="facts__more"><bdi>{name}</bdi></span> })}
        {until}
    }
    .into_any()
}

/// `12.5 % off`.
fn percent(hundredths: u32) -> String {
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    let decimals = format!("{rest:02}");
    match decimals.trim_end_matches('0') {
        "" => format!("{whole} % off"),
        decimals => format!("{whole}.{decimals} % off"),
    }
}

fn period(start: Option<OffsetDateTime>, end: Option<OffsetDateTime>) -> Option<AnyView> {
    let days = match (start, end) {
        (Some(start), Some(end)) => {
            view! { <span><Day at=start/>" to "<Day at=end/></span> }.into_any()
        }
        (None, Some(end)) => view! { <span>"until "<Day at=end/></span> }.into_any(),
        (Some(start), None) => view! { <span>"since "<Day at=start/></span> }.into_any(),
        (None, None) => return None,
    };
    Some(
        view! {
            <div class="facts__fact" data-fact="period">
                <dt>"Period"</dt>
                <dd>{days}</dd>
            </div>
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_has_as_many_decimals_as_it_needs() {
        assert_eq!(percent(2_000), "20 % off");
        assert_eq!(percent(1_250), "12.5 % off");
        assert_eq!(percent(3_333), "33.33 % off");
        assert_eq!(percent(5), "0.05 % off");
    }
}
