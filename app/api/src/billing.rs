//! The subscription of an organization. Whoever sends these needs the permission to manage it;
//! the use cases ask for it, and Stripe is asked by nobody else.

use leptos::prelude::*;
use orghub::{
    access::OrgAccess,
    domain::{BillingInterval, CancelReason, Invalid, Plan, PortalPage},
    routes::OrgPage,
};
use orghub_ui::{
    context,
    error::AppError,
    forms::{self, Done, FormPost, FormUrl},
};

use crate::services::services;

/// Begins buying a plan, and leads to Stripe's page where it is paid for. Requires the
/// permission to manage the subscription.
#[server(prefix = "/api", endpoint = "start_checkout", input = FormUrl)]
pub async fn start_checkout(
    #[server(default)] org: String,
    #[server(default)] plan: String,
    #[server(default)] interval: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::START_CHECKOUT, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let (plan, interval) = parse_price(&plan, &interval)?;
            let billing = services().billing.clone();
            let address = billing.start_checkout(&access, plan, interval).await?;
            Ok(Done::onward(OrgPage::ToStripe.path(access.slug()), address))
        })
        .await
}

/// Changes to another plan or interval, at once or at the end of what is paid for. Requires
/// the permission to manage the subscription.
#[server(prefix = "/api", endpoint = "change_plan", input = FormUrl)]
pub async fn change_plan(
    #[server(default)] org: String,
    #[server(default)] plan: String,
    #[server(default)] interval: String,
    /// The page that showed what it comes to.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::CHANGE_PLAN, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let (plan, interval) = parse_price(&plan, &interval)?;
            let billing = services().billing.clone();
            billing.change_plan(&access, plan, interval).await?;
            Ok(to_subscription(&access).saying("The change of plan is made."))
        })
        .await
}

/// Takes a change back that was to come at the end of the period. Requires the permission to
/// manage the subscription.
#[server(prefix = "/api", endpoint = "take_back_change", input = FormUrl)]
pub async fn take_back_change(#[server(default)] org: String) -> Result<(), AppError> {
    FormPost::in_org(&forms::TAKE_BACK_CHANGE, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let billing = services().billing.clone();
            billing.take_back_change(&access).await?;
            Ok(Done::back().saying("The change is taken back."))
        })
        .await
}

/// Cancels at the end of what is paid for, and keeps the reason. Requires the permission to
/// manage the subscription.
#[server(prefix = "/api", endpoint = "cancel_subscription", input = FormUrl)]
pub async fn cancel_subscription(
    #[server(default)] org: String,
    #[server(default)] reason: String,
    #[server(default)] comment: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::CANCEL_SUBSCRIPTION, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let reason = CancelReason::parse(&reason, &comment)?;
            let billing = services().billing.clone();
            billing.cancel(&access, &reason).await?;
            Ok(to_subscription(&access).saying("Subscription canceled."))
        })
        .await
}

/// Takes a cancellation back while the period lasts. Requires the permission to manage the
/// subscription.
#[server(prefix = "/api", endpoint = "restore_subscription", input = FormUrl)]
pub async fn restore_subscription(#[server(default)] org: String) -> Result<(), AppError> {
    FormPost::in_org(&forms::RESTORE_SUBSCRIPTION, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            services().billing.restore(&access).await?;
            Ok(Done::back().saying("The subscription goes on."))
        })
        .await
}

/// Leads to Stripe's own page about the organization's payments. Requires the permission to
/// manage the subscription.
#[server(prefix = "/api", endpoint = "open_portal", input = FormUrl)]
pub async fn open_portal(
    #[server(default)] org: String,
    /// Which of its pages; empty: its first.
    #[server(default)]
    page: String,
    /// The page with the form.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::OPEN_PORTAL, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let page = match page.as_str() {
                "" => PortalPage::Home,
                page => page.parse().map_err(|_| AppError::BadRequest)?,
            };
            let billing = services().billing.clone();
            let address = billing.open_portal(&access, page).await?;
            Ok(Done::onward(OrgPage::ToStripe.path(access.slug()), address))
        })
        .await
}

/// Changes where mails about payments go. Requires the permission to manage the subscription.
#[server(prefix = "/api", endpoint = "change_billing_contact", input = FormUrl)]
pub async fn change_billing_contact(
    #[server(default)] org: String,
    /// Empty: to the owners.
    #[server(default)]
    email: String,
    /// What the field was filled with.
    #[server(default)]
    was: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::CHANGE_BILLING_CONTACT, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let billing = services().billing.clone();
            billing.change_contact(&access, &was, &email).await?;
            Ok(Done::back().saying("Billing contact saved."))
        })
        .await
}

fn to_subscription(access: &OrgAccess) -> Done {
    Done::at(OrgPage::Subscription.path(access.slug()))
}

/// One of the prices that can be bought.
fn parse_price(plan: &str, interval: &str) -> Result<(Plan, BillingInterval), AppError> {
    let plan: Option<Plan> = plan.parse().ok();
    let plan = plan.filter(|plan| *plan != Plan::Free);
    let price = plan.zip(interval.parse().ok());
    price.ok_or_else(|| Invalid::form("Choose one of the plans.").into())
}
