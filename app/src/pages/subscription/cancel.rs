//! `/orgs/{slug}/subscription/cancel`: what cancelling means, and why.

use leptos::prelude::*;
use orghub::{
    domain::{CancelFeedback, Plan, Subscription, SubscriptionStatus},
    routes::OrgPage,
};
use orghub_ui::{
    components::{Card, Day},
    forms::{self, FormMessage, FormState, TextArea},
};

use super::{OrgRequest, back, manage::can_buy, render_org};
use crate::services::services;

/// Longest comment that the form takes, in characters: as much as is kept when it is refused.
const MAX_COMMENT: usize = 250;

/// The form, if there is something to cancel.
#[component]
pub fn CancelPlanPage() -> impl IntoView {
    render_org(
        OrgPage::CancelPlan,
        |access| async move {
            let billing = services().billing.clone();
            Ok(billing.get_org_subscription(&access).await?)
        },
        |request, view| {
            let living = view.subscription.as_ref().filter(|_| view.has_living());
            let content = match living {
                Some(living) if !living.is_ending() && !can_buy(&view) => form(request, living),
                Some(living) if living.is_ending() => {
                    nothing(request, "The subscription is canceled already.")
                }
                _ => nothing(request, "There is no subscription to cancel."),
            };
            view! {
                <div class="page-head"><h1 class="page-title">"Cancel subscription"</h1></div>
                {content}
                {back(request)}
            }
            .into_any()
        },
    )
}

/// Also where a second answer to the same form ends up, so its message is shown.
fn nothing(request: &OrgRequest, sentence: &'static str) -> AnyView {
    let form = request.flash.state_of(&forms::CANCEL_SUBSCRIPTION);
    view! {
        <FormMessage form=&form/>
        <p class="quiet">{sentence}</p>
    }
    .into_any()
}

fn form(request: &OrgRequest, living: &Subscription) -> AnyView {
    let form = request.flash.state_of(&forms::CANCEL_SUBSCRIPTION);
    let slug = request.access.slug().to_string();
    let consequences = consequences(living);
    view! {
        <Card id="cancel-title" title="Before you go" is_dangerous=true>
            {consequences}
            <FormMessage form=&form/>
            <form class="form" method="post" action=form.action()>
                <input type="hidden" name="org" value=slug/>
                {reason(&form)}
                {comment(&form)}
                <div class="form__buttons">
                    <button class="button button--danger">"Cancel subscription"</button>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

fn consequences(living: &Subscription) -> AnyView {
    let plan = living.plan.map_or("The subscription", Plan::label);
    let end = match living.status {
        SubscriptionStatus::Trialing => living.trial_end.or(living.current_period_end),
        _ => living.current_period_end,
    };
    let when = match end {
        Some(at) => {
            view! { {plan}" stays in force until "<Day at/>", and is not renewed." }.into_any()
        }
        None => view! { {plan}" stays in force until what is paid for ends." }.into_any(),
    };
    view! {
        <p>
            {when}
            " Until then you can take it back. Afterwards the Free plan applies: nothing is \
             deleted, but nothing can be added above its limits."
        </p>
    }
    .into_any()
}

fn reason(form: &FormState) -> AnyView {
    let chosen = form.typed("reason").unwrap_or_default().to_owned();
    let options = CancelFeedback::ALL
        .map(|feedback| {
            let value = feedback.as_str();
            view! { <option value=value selected=value == chosen>{feedback.label()}</option> }
        })
        .collect_view();
    let error = form.message_at("reason").map(str::to_owned);
    let described_by = error.is_some().then_some("reason-error");
    view! {
        <div class="field">
            <label class="field__label" for="reason">"Why do you cancel?"</label>
            <select
                class="select"
                id="reason"
                name="reason"
                required
                autocomplete="off"
                aria-invalid=error.is_some().then_some("true")
                aria-describedby=described_by
            >
                <option value="">"Choose a reason"</option>
                {options}
            </select>
            {error
                .map(|text| {
                    view! { <p class="field__error" id="reason-error" role="alert">{text}</p> }
                })}
        </div>
    }
    .into_any()
}

fn comment(form: &FormState) -> AnyView {
    view! {
        <TextArea
            form
            id="comment"
            name="comment"
            label="What could we do better?"
            optional=true
            rows=3
            max_length=MAX_COMMENT
            hint="Optional. We read all of it."
        />
    }
    .into_any()
}
