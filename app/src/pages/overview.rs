//! `/orgs/{slug}`: the organization at a glance.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::{
    access::OrgAccess,
    domain::{OrgOverview, Permission, SubscriptionView},
    routes,
};

use super::render_org;
use crate::{
    components::{
        ActivityList, Avatar, Day, LeaveForm, OrgLayout, ProblemMessage, RoleBadge, Section,
        grouped, status_badge,
    },
    context,
    flash::{Flash, FormName},
};

/// Name, owner contact, members, plan, my role, and, for those who may read it,
/// what happened lately.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let flash = Flash::take();
    render_org(
        |access| async move {
            let services = context::services();
            let overview = services.orgs.get_overview(&access).await?;
            let subscription = services.billing.get_org_subscription(&access).await?;
            Ok((overview, subscription))
        },
        move |access, (overview, subscription)| {
            let membership = access.membership();
            let name = membership.org_name.clone();
            let notice = flash.as_ref().and_then(Flash::notice);
            let stays_because = flash
                .as_ref()
                .and_then(|flash| flash.problem(FormName::Leave))
                .map(|problem| problem.error.message.clone());
            // Who may change settings leaves there.
            let leaves_here = !access.role().may(Permission::UpdateOrg);
            let content = view! {
                <div class="page-head">
                    <div class="org-title">
                        <Avatar name=&name picture=membership.org_logo_url.clone() square=true/>
                        <h1 class="page-title">{name.clone()}</h1>
                    </div>
                </div>
                {facts(&access, &overview, &subscription)}
                {access.role().may(Permission::ReadActivity).then(|| activity(&overview))}
                {leaves_here.then(|| {
                    view! {
                        <section class="card" aria-labelledby="membership-title">
                            <div class="card__head"><h2 class="card__title" id="membership-title">"Your membership"</h2></div>
                            <div class="card__body">
                                {stays_because.map(|text| view! { <ProblemMessage text/> })}
                                <LeaveForm return_to=routes::org(access.slug()) access=access.clone()/>
                            </div>
                        </section>
                    }
                })}
            };
            view! {
                <Title text=name.clone()/>
                <OrgLayout access=access.clone() section=Section::Overview notice content=content.into_any()/>
            }
            .into_any()
        },
    )
}

fn facts(access: &OrgAccess, overview: &OrgOverview, subscription: &SubscriptionView) -> AnyView {
    let owner = match overview.owner.clone() {
        Some(owner) => {
            let address = format!("mailto:{}", owner.email);
            view! { <span class="facts__strong">{owner.name}</span><a class="facts__more" href=address>{owner.email}</a> }.into_any()
        }
        None => "–".into_any(),
    };
    let seats = format!(
        "{} of {} seats used",
        grouped(subscription.seats_used),
        grouped(subscription.limits.members)
    );
    view! {
        <dl class="facts">
            <div class="facts__fact">
                <dt>"Members"</dt>
                <dd>
                    <a class="facts__number" href=routes::members(access.slug())>{grouped(overview.member_count)}</a>
                    <span class="facts__more">{seats}</span>
                </dd>
            </div>
            <div class="facts__fact">
                <dt>"Plan"</dt>
                <dd>
                    <a class="facts__number" href=routes::subscription(access.slug())>{subscription.plan().label()}</a>
                    {subscription.subscription.is_some().then(|| status_badge(subscription))}
                </dd>
            </div>
            <div class="facts__fact">
                <dt>"Owner"</dt>
                <dd>{owner}</dd>
            </div>
            <div class="facts__fact">
                <dt>"Your role"</dt>
                <dd>
                    <RoleBadge role=access.role()/>
                    <span class="facts__more">"Created "<Day at=overview.created_at/></span>
                </dd>
            </div>
        </dl>
    }
    .into_any()
}

fn activity(overview: &OrgOverview) -> AnyView {
    let entries = overview.recent_activity.clone();
    view! {
        <section class="card" aria-labelledby="activity-title">
            <div class="card__head"><h2 class="card__title" id="activity-title">"Recent activity"</h2></div>
            <div class="card__body">
                {if entries.is_empty() {
                    view! { <p class="quiet">"Nothing has happened yet."</p> }.into_any()
                } else {
                    view! { <ActivityList entries/> }.into_any()
                }}
            </div>
        </section>
    }
    .into_any()
}
