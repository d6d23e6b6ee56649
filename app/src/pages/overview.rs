//! `/orgs/{slug}`: the organization at a glance.

use leptos::prelude::*;
use orghub::{
    domain::{Membership, OrgOverview, OwnerContact, Permission, SubscriptionView},
    routes::{self, OrgPage},
};
use orghub_ui::{
    components::{
        ActivityList, Avatar, Day, LeaveForm, ReceivedOwnership, RoleBadge, grouped, status_badge,
    },
    context,
    forms::{self, FormMessage},
};
use time::OffsetDateTime;

use super::{OrgRequest, render_org};
use crate::services::services;

/// Name, owner contact, members, plan and role, and, for those who may read it, what
/// happened lately.
#[component]
pub fn OverviewPage() -> impl IntoView {
    render_org(
        OrgPage::Overview,
        |access| async move {
            let services = services();
            let overview = services.orgs.get_overview(&access).await?;
            let subscription = services.billing.get_org_subscription(&access).await?;
            let now = context::now_until(|now| overview.offer_ends(now));
            Ok((overview, subscription, now))
        },
        |request, (overview, subscription, now)| {
            let membership = request.membership();
            let name = &membership.org_name;
            let reads_activity = membership.role.may(Permission::ReadActivity);
            // Whoever may change settings finds the form there.
            let leaves_here = !membership.role.may(OrgPage::Settings.needs());
            view! {
                <div class="page-head">
                    <div class="org-title">
                        <Avatar name picture=membership.org_logo.as_ref().map(routes::picture) square=true/>
                        <h1 class="page-title"><bdi>{name.clone()}</bdi></h1>
                    </div>
                </div>
                {ownership_offer(request, &overview, now)}
                {facts(membership, &overview, &subscription)}
                {reads_activity.then(|| activity(membership, &overview))}
                {leaves_here.then(|| own_membership(request))}
            }
            .into_any()
        },
    )
}

/// What is left of an offer of ownership, for its receiver alone; and why a decision about
/// it was too late.
fn ownership_offer(request: &OrgRequest, overview: &OrgOverview, now: OffsetDateTime) -> AnyView {
    let [accept_form, decline_form] = [&forms::ACCEPT_OWNERSHIP, &forms::DECLINE_OWNERSHIP]
        .map(|form| request.flash.state_of(form));
    let membership = request.membership();
    let offer = overview
        .offer_at(now)
        .filter(|offer| offer.to == membership.member_id);
    view! {
        <FormMessage form=&accept_form/>
        <FormMessage form=&decline_form/>
        {offer
            .map(|offer| {
                let slug = &membership.org_slug;
                view! { <ReceivedOwnership accept_form decline_form slug offer/> }
            })}
    }
    .into_any()
}

fn facts(
    membership: &Membership,
    overview: &OrgOverview,
    subscription: &SubscriptionView,
) -> AnyView {
    let slug = &membership.org_slug;
    let owner = match overview.owner.clone() {
        Some(OwnerContact { name, email }) => {
            let address = routes::mail_to(&email);
            view! {
                <span class="facts__strong"><bdi>{name}</bdi></span>
                <a class="facts__more" href=address><bdi>{email}</bdi></a>
            }
            .into_any()
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
                    <a class="facts__number" href=OrgPage::Members.path(slug)>
                        {grouped(overview.member_count)}
                    </a>
                    <span class="facts__more">{seats}</span>
                </dd>
            </div>
            <div class="facts__fact">
                <dt>"Plan"</dt>
                <dd>
                    <a class="facts__number" href=OrgPage::Subscription.path(slug)>
                        {subscription.plan().label()}
                    </a>
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
                    <RoleBadge role=membership.role/>
                    <span class="facts__more">"Created "<Day at=overview.created_at/></span>
                </dd>
            </div>
        </dl>
    }
    .into_any()
}

fn activity(membership: &Membership, overview: &OrgOverview) -> AnyView {
    let all = OrgPage::Activity.path(&membership.org_slug);
    let entries = overview.recent_activity.clone();
    let list = if entries.is_empty() {
        view! { <p class="quiet">"No activity yet."</p> }.into_any()
    } else {
        view! { <ActivityList entries/> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="activity-title">
            <div class="card__head">
                <h2 class="card__title" id="activity-title">"Recent activity"</h2>
                <a class="card__more" href=all>"All activity"</a>
            </div>
            <div class="card__body">{list}</div>
        </section>
    }
    .into_any()
}

fn own_membership(request: &OrgRequest) -> AnyView {
    let membership = request.membership();
    view! {
        <section class="card" aria-labelledby="membership-title">
            <div class="card__head">
                <h2 class="card__title" id="membership-title">"Your membership"</h2>
            </div>
            <div class="card__body">
                <LeaveForm
                    form=request.flash.state_of(&forms::LEAVE_ORG)
                    org_name=membership.org_name.clone()
                    slug=membership.org_slug.clone()
                    page=OrgPage::Overview
                />
            </div>
        </section>
    }
    .into_any()
}
