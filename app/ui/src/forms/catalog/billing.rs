//! The subscription.

use orghub_domain::routes::{OrgPage, api};

use crate::forms::Form;

/// One for each price.
pub const START_CHECKOUT: Form = Form::in_org(api::START_CHECKOUT, &[OrgPage::Plans]);

pub const CHANGE_PLAN: Form =
    Form::in_org(api::CHANGE_PLAN, &[OrgPage::Plans, OrgPage::ChangePlan]);

pub const TAKE_BACK_CHANGE: Form = Form::in_org(api::TAKE_BACK_CHANGE, &[OrgPage::Subscription]);

pub const CANCEL_SUBSCRIPTION: Form =
    Form::in_org(api::CANCEL_SUBSCRIPTION, &[OrgPage::CancelPlan])
        .showing(&["reason", "comment"])
        .keeping(&["reason", "comment"]);

pub const RESTORE_SUBSCRIPTION: Form =
    Form::in_org(api::RESTORE_SUBSCRIPTION, &[OrgPage::Subscription]);

/// One for each page of Stripe's that it leads to.
pub const OPEN_PORTAL: Form = Form::in_org(
    api::OPEN_PORTAL,
    &[OrgPage::Subscription, OrgPage::Invoices],
);

pub const CHANGE_BILLING_CONTACT: Form =
    Form::in_org(api::CHANGE_BILLING_CONTACT, &[OrgPage::Subscription])
        .showing(&["email"])
        .keeping(&["email"]);

pub(super) const ALL: &[&Form] = &[
    &START_CHECKOUT,
    &CHANGE_PLAN,
    &TAKE_BACK_CHANGE,
    &CANCEL_SUBSCRIPTION,
    &RESTORE_SUBSCRIPTION,
    &OPEN_PORTAL,
    &CHANGE_BILLING_CONTACT,
];
