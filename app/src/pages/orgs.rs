//! `/orgs`: my organizations.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::{domain::OrgSummary, routes};

use super::render;
use crate::{
    components::{Avatar, EmptyState, Icon, PersonLayout, RoleBadge, Symbol},
    context,
    flash::Flash,
};

/// The organizations of the person signed in, with their role in each.
#[component]
pub fn OrgsPage() -> impl IntoView {
    let notice = Flash::take().and_then(|flash| flash.notice());
    render(
        async {
            let user = context::require_user()?;
            let orgs = context::timed(context::services().orgs.list_mine(&user)).await?;
            Ok((user, orgs))
        },
        move |(user, orgs)| {
            let content = view! {
                <div class="page-head">
                    <h1 class="page-title">"Organizations"</h1>
                    <a class="button button--primary" href=routes::NEW_ORG><Icon symbol=Symbol::Plus/>"New organization"</a>
                </div>
                {org_list(&orgs)}
            };
            view! {
                <Title text="Organizations"/>
                <PersonLayout user notice=notice content=content.into_any()/>
            }
            .into_any()
        },
    )
}

fn org_list(orgs: &[OrgSummary]) -> AnyView {
    if orgs.is_empty() {
        return view! {
            <EmptyState title="You belong to no organization yet">
                <p>"Create one, or ask somebody to invite you to theirs."</p>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <ul class="org-list">
            {orgs
                .iter()
                .map(|org| {
                    view! {
                        <li>
                            <a class="org-list__link" href=routes::org(&org.slug)>
                                <Avatar name=&org.name picture=org.logo_url.clone() square=true/>
                                <span class="org-list__name">{org.name.clone()}</span>
                                <span class="org-list__slug">{format!("/{}", org.slug)}</span>
                                <RoleBadge role=org.role/>
                                <Icon symbol=Symbol::Next/>
                            </a>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
    .into_any()
}
