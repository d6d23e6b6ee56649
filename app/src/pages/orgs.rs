//! `/orgs`: the user's organizations.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::{
    domain::OrgSummary,
    routes::{self, OrgPage},
};

use super::render;
use crate::{
    components::{Avatar, EmptyState, Icon, RoleBadge, Symbol, UserFrame},
    context,
    forms::Flash,
};

/// The organizations of the user, with the user's role in each.
#[component]
pub fn OrgsPage() -> impl IntoView {
    render(
        async {
            let user = context::require_user()?;
            let orgs = context::timed(context::services().orgs.list_mine(&user)).await?;
            Ok((user, orgs))
        },
        |(user, orgs)| {
            let list = org_list(&orgs);
            view! {
                <Title text="Organizations"/>
                <UserFrame user flash=Flash::take()>
                    <div class="page-head">
                        <h1 class="page-title">"Organizations"</h1>
                        <a class="button button--primary" href=routes::NEW_ORG>
                            <Icon symbol=Symbol::Plus/>
                            "New organization"
                        </a>
                    </div>
                    {list}
                </UserFrame>
            }
            .into_any()
        },
    )
}

fn org_list(orgs: &[OrgSummary]) -> AnyView {
    if orgs.is_empty() {
        return view! {
            <EmptyState title="You are not a member of any organization yet">
                <p>"Create one, or ask somebody to invite you to theirs."</p>
            </EmptyState>
        }
        .into_any();
    }
    let lines = orgs
        .iter()
        .map(|org| {
            view! {
                <li>
                    <a class="org-list__link" href=OrgPage::Overview.path(&org.slug)>
                        <Avatar name=&org.name picture=org.logo_url.clone() square=true/>
                        <span class="org-list__name">{org.name.clone()}</span>
                        <span class="org-list__slug">{format!("/{}", org.slug)}</span>
                        <RoleBadge role=org.role/>
                        <Icon symbol=Symbol::Next/>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="org-list">{lines}</ul> }.into_any()
}
