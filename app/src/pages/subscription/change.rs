//! `/orgs/{slug}/subscription/change?plan=…&interval=…`: what another plan would cost and take
//! away. The button on it makes the change.

use leptos::prelude::*;
use orghub::{
    domain::{BillingInterval, ChangePreview, LimitedThing, Money, OverLimit, Plan, TakesEffect},
    routes::{self, OrgPage},
};
use orghub_ui::{
    components::{Card, Day, ProblemMessage, grouped},
    error::AppError,
    forms::{self, FormMessage},
    response,
};

use super::{OrgRequest, back, render_org};
use crate::services::services;

/// What the address asks for.
#[derive(Clone, Copy)]
struct Wanted {
    plan: Plan,
    interval: BillingInterval,
}

impl Wanted {
    fn from_query(query: &str) -> Option<Self> {
        let plan: Option<Plan> = routes::param_in(query, "plan").parse().ok();
        Some(Self {
            plan: plan.filter(|plan| *plan != Plan::Free)?,
            interval: routes::param_in(query, "interval").parse().ok()?,
        })
    }
}

enum Found {
    /// Nothing is asked for.
    Nothing,
    Preview(Wanted, ChangePreview),
    /// Why it cannot be changed to.
    Problem(String),
}

/// The preview, or the way back to the plans if the address asks for none of them.
#[component]
pub fn ChangePlanPage() -> impl IntoView {
    let wanted = Wanted::from_query(&response::request_query());
    render_org(
        OrgPage::ChangePlan,
        move |access| async move {
            let Some(wanted) = wanted else {
                return Ok(Found::Nothing);
            };
            let billing = services().billing.clone();
            let preview = billing
                .preview_change(&access, wanted.plan, wanted.interval)
                .await;
            match preview.map_err(AppError::from) {
                Ok(preview) => Ok(Found::Preview(wanted, preview)),
                Err(
                    problem
                    @ (AppError::Unavailable | AppError::Conflict(_) | AppError::Invalid(_)),
                ) => Ok(Found::Problem(problem.to_string())),
                Err(error) => Err(error),
            }
        },
        show,
    )
}

fn show(request: &OrgRequest, found: Found) -> AnyView {
    let plans = OrgPage::Plans.path(request.access.slug());
    let content = match found {
        Found::Nothing => {
            response::see_other(&plans);
            return ().into_any();
        }
        Found::Problem(text) => view! {
            <ProblemMessage text/>
            <p><a class="button" href=plans>"See all plans"</a></p>
        }
        .into_any(),
        Found::Preview(wanted, preview) => card(request, wanted, &preview),
    };
    view! {
        <div class="page-head"><h1 class="page-title">"Change plan"</h1></div>
        {content}
        {back(request)}
    }
    .into_any()
}

fn card(request: &OrgRequest, wanted: Wanted, preview: &ChangePreview) -> AnyView {
    let form = request.flash.state_of(&forms::CHANGE_PLAN);
    let slug = request.access.slug();
    let (plan, interval) = (wanted.plan.as_str(), wanted.interval.as_str());
    let plans = OrgPage::Plans.path(slug);
    let from = preview
        .from
        .0
        .map_or("a price of none of our plans", Plan::label);
    let from_interval = preview.from.1.map(paid_by);
    let effect = match preview.takes_effect {
        TakesEffect::Now => "At once".into_any(),
        TakesEffect::AtPeriodEnd(at) => {
            view! { <span>"When what is paid for ends, on "<Day at/></span> }.into_any()
        }
    };
    let to = format!("{} a {interval}, before tax", preview.to.amount);
    let (due, over) = (due_now(preview), over(&preview.over));
    let button = format!("Change to {}", wanted.plan.label());
    let (slug, here) = (slug.to_string(), response::request_path());
    view! {
        <Card id="change-title" title="What changes">
            <FormMessage form=&form/>
            <dl class="facts" data-change=plan>
                <div class="facts__fact">
                    <dt>"From"</dt>
                    <dd><span>{from}</span><span class="facts__more">{from_interval}</span></dd>
                </div>
                <div class="facts__fact">
                    <dt>"To"</dt>
                    <dd>
                        <span class="facts__strong">{wanted.plan.label()}</span>
                        <span class="facts__more">{to}</span>
                    </dd>
                </div>
                <div class="facts__fact" data-fact="effect">
                    <dt>"Takes effect"</dt>
                    <dd>{effect}</dd>
                </div>
                {due}
            </dl>
            {over}
            <form method="post" action=form.action()>
                <input type="hidden" name="org" value=slug/>
                <input type="hidden" name="plan" value=plan/>
                <input type="hidden" name="interval" value=interval/>
                <input type="hidden" name="return_to" value=here/>
                <div class="form__buttons">
                    <button class="button button--primary">{button}</button>
                    <a class="button" href=plans>"Keep the plan"</a>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

fn paid_by(interval: BillingInterval) -> &'static str {
    match interval {
        BillingInterval::Month => "paid by the month",
        BillingInterval::Year => "paid by the year",
    }
}

/// What is charged when the button is pressed.
fn due_now(preview: &ChangePreview) -> AnyView {
    let (amount, more) = match (&preview.due_now, preview.takes_effect) {
        (Some(money), _) if money.minor < 0 => {
            let credit = Money::new(money.minor.saturating_neg(), money.currency.clone());
            (
                format!("{credit} of credit"),
                "It pays for the next invoices.",
            )
        }
        (Some(money), _) => (
            money.to_string(),
            "What is left of the present period is taken off.",
        ),
        (None, TakesEffect::AtPeriodEnd(_)) => ("Nothing".to_owned(), ""),
        (None, TakesEffect::Now) => ("An amount that Stripe does not tell".to_owned(), ""),
    };
    view! {
        <div class="facts__fact" data-fact="due">
            <dt>"Due now"</dt>
            <dd><span class="facts__strong">{amount}</span><span class="facts__more">{more}</span></dd>
        </div>
    }
    .into_any()
}

/// What there will be more of than the plan allows.
fn over(over: &[OverLimit]) -> Option<AnyView> {
    if over.is_empty() {
        return None;
    }
    let lines = over.iter().map(|over| {
        let (what, unit) = match over.what {
            LimitedThing::Members => ("Members and pending invitations", ""),
            LimitedThing::Projects => ("Projects", ""),
            LimitedThing::StorageGb => ("Storage", " GB"),
        };
        let used = i64::try_from(over.used).map_or_else(|_| over.used.to_string(), grouped);
        view! { <li>{format!("{what}: {used}{unit} of {}{unit}", grouped(over.limit))}</li> }
    });
    let lines = lines.collect_view();
    Some(
        view! {
            <div class="message" data-tone="warning" data-over=over.len().to_string()>
                <p>
                    <strong>"You have more than the plan allows."</strong>
                    " Nothing is taken away, but nothing can be added until there is room."
                </p>
                <ul class="offer__limits">{lines}</ul>
            </div>
        }
        .into_any(),
    )
}
