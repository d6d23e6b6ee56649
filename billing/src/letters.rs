//! What is mailed about payments.

use time::OffsetDateTime;

use crate::{
    db::orgs::OrgForChange,
    domain::{Plan, Subscription, text},
    mail::{Button, Letter},
    routes::OrgPage,
};

fn letter(org: &OrgForChange, subject: String, paragraphs: Vec<String>, label: &str) -> Letter {
    let mut all = vec!["Hello,".to_owned()];
    all.extend(paragraphs);
    Letter {
        subject,
        paragraphs: all,
        button: Some(Button {
            label: label.to_owned(),
            path: OrgPage::Subscription.path(&org.slug),
        }),
        footnote: Some(format!(
            "You get this because mails about payments of {} go to this address. Who may change \
             the subscription can change that, too.",
            text::isolated(&org.name)
        )),
    }
}

fn plan(subscription: &Subscription) -> &'static str {
    subscription.plan.map_or("the plan", Plan::label)
}

/// A day of UTC, and that it is one.
fn day(at: Option<OffsetDateTime>) -> String {
    match at {
        Some(at) => {
            let date = at.date();
            let (day, month, year) = (date.day(), date.month(), date.year());
            format!("{day} {month} {year} (UTC)")
        }
        None => "the end of the period".to_owned(),
    }
}

/// What is charged, in a sentence of its own; empty: that is not known.
fn charge(subscription: &Subscription) -> String {
    let charge = subscription.terms.charge.as_ref();
    charge
        .and_then(|charge| {
            let (total, cycle) = (charge.total()?, charge.cycle.as_ref()?);
            let label = cycle.label();
            Some(format!(
                " It costs {total} a {label}, before discounts and tax."
            ))
        })
        .unwrap_or_default()
}

pub(super) fn trial_ends(org: &OrgForChange, trial: &Subscription) -> Letter {
    let (name, plan) = (text::isolated(&org.name), plan(trial));
    letter(
        org,
        format!("The trial of {name} ends in three days"),
        vec![format!(
            "the trial of {plan} for {name} ends on {}. It goes on as a paid subscription then.{} \
             If you do not want that, cancel before.",
            day(trial.trial_end),
            charge(trial)
        )],
        "See the subscription",
    )
}

/// `link`: Stripe's page of the invoice.
pub(super) fn payment_failed(
    org: &OrgForChange,
    unpaid: &Subscription,
    link: Option<String>,
) -> Letter {
    let (name, plan) = (text::isolated(&org.name), plan(unpaid));
    let mut paragraphs = vec![format!(
        "the last payment for {plan} of {name} failed. It is tried again in the next days; the plan \
         stays in force meanwhile. Please make sure that the card is valid."
    )];
    paragraphs.extend(link.map(|link| format!("You can also pay at once: {link}")));
    let subject = format!("A payment for {name} failed");
    letter(org, subject, paragraphs, "See the subscription")
}

/// `link`: as there.
pub(super) fn action_required(
    org: &OrgForChange,
    unpaid: &Subscription,
    link: Option<String>,
) -> Letter {
    let (name, plan) = (text::isolated(&org.name), plan(unpaid));
    let mut paragraphs = vec![format!(
        "the bank asks you to confirm a payment for {plan} of {name}. Until you do, it is not made."
    )];
    paragraphs.extend(link.map(|link| format!("Confirm it here: {link}")));
    let subject = format!("A payment for {name} needs your confirmation");
    letter(org, subject, paragraphs, "See the subscription")
}

pub(super) fn card_expires(org: &OrgForChange) -> Letter {
    let name = text::isolated(&org.name);
    letter(
        org,
        format!("The card of {name} expires soon"),
        vec![format!(
            "the card that the subscription of {name} is paid with expires at the end of the \
             month. Please replace it before the next payment."
        )],
        "Replace the card",
    )
}

pub(super) fn cancelled(org: &OrgForChange, ending: &Subscription) -> Letter {
    let (name, plan) = (text::isolated(&org.name), plan(ending));
    let end = ending.terms.ends_at.or(ending.current_period_end);
    letter(
        org,
        format!("The subscription of {name} is cancelled"),
        vec![format!(
            "{plan} of {name} was cancelled. It stays in force until {}, and nothing more is \
             charged. Until then it can be restored.",
            day(end)
        )],
        "See the subscription",
    )
}

pub(super) fn ended(org: &OrgForChange, ended: &Subscription) -> Letter {
    let (name, plan) = (text::isolated(&org.name), plan(ended));
    letter(
        org,
        format!("The subscription of {name} has ended"),
        vec![format!(
            "{plan} of {name} has ended, and the Free plan applies. Nothing is deleted: members \
             stay, and everything can be read and exported. What goes beyond the Free plan cannot \
             grow until you choose a plan again."
        )],
        "Choose a plan",
    )
}

pub(super) fn restored(org: &OrgForChange, going_on: &Subscription) -> Letter {
    let (name, plan) = (text::isolated(&org.name), plan(going_on));
    letter(
        org,
        format!("The subscription of {name} goes on"),
        vec![format!(
            "{plan} of {name} was to end, and goes on: it renews on {}.{}",
            day(going_on.current_period_end),
            charge(going_on)
        )],
        "See the subscription",
    )
}

pub(super) fn recovered(org: &OrgForChange, paid: &Subscription) -> Letter {
    let (name, plan) = (text::isolated(&org.name), plan(paid));
    letter(
        org,
        format!("The payment for {name} went through"),
        vec![format!(
            "what was due for {plan} of {name} is paid, and the plan is in force. Thank you."
        )],
        "See the subscription",
    )
}

pub(super) fn reactivated(org: &OrgForChange, new: &Subscription) -> Letter {
    let (name, plan) = (text::isolated(&org.name), plan(new));
    letter(
        org,
        format!("{name} has a subscription again"),
        vec![format!("{plan} of {name} is in force.{}", charge(new))],
        "See the subscription",
    )
}
