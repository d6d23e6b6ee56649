//! `/orgs`: the user's organizations, fifty at a time.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::{
    domain::{DeletedOrg, OrgListQuery, OrgSummary, Page},
    routes::{self, OrgPage},
};
use orghub_ui::{
    components::{
        Avatar, Card, Day, EmptyState, Icon, JoinableOrgs, OrgFilter, RoleBadge, Symbol, UserFrame,
        list_foot, past_the_end, total,
    },
    context,
    error::AppError,
    forms::{self, Flash},
    response,
};

use super::render;
use crate::services::services;

/// The organizations of the user that the address asks for (`page`, `q`), with the user's
/// role in each.
#[component]
pub fn OrgsPage() -> impl IntoView {
    let query = OrgListQuery::from_query(&response::request_query());
    let asked = query.clone();
    render(
        async move {
            let user = context::require_user()?;
            let services = services();
            let (joining, orgs) = (&services.joining, &services.orgs);
            // In this order: the first fetches what the second asks for.
            let load = async {
                let joinable = joining.list_joinable(&user).await?;
                let page = orgs.list_page(&user, &asked).await?;
                Ok::<_, AppError>((joinable, page, orgs.list_deleted(&user).await?))
            };
            let (joinable, page, deleted) = context::timed(load).await?;
            Ok((user, joinable, page, deleted))
        },
        move |(user, joinable, page, deleted)| {
            let flash = Flash::take();
            let problem = flash.problem(&[&forms::JOIN_BY_DOMAIN]).cloned();
            let has_none = page.total == 0 && query.search.is_empty();
            let list = if has_none {
                none_yet()
            } else {
                let list = org_list(&page, &query);
                view! {
                    <OrgFilter query=query.clone()/>
                    <div
                        class="paged-list"
                        data-total=page.total.to_string()
                        data-page=page.number.to_string()
                        data-pages=page.last().to_string()
                    >
                        {list}
                    </div>
                }
                .into_any()
            };
            let count = (!has_none).then(|| {
                view! { <p class="page-head__count">{count(&page, &query)}</p> }
            });
            view! {
                <Title text="Organizations"/>
                <UserFrame user flash>
                    <div class="page-head">
                        <h1 class="page-title">"Organizations"</h1>
                        {count}
                        <a class="button button--primary" href=routes::NEW_ORG>
                            <Icon symbol=Symbol::Plus/>
                            "New organization"
                        </a>
                    </div>
                    {list}
                    <JoinableOrgs orgs=joinable problem/>
                    {deleted_orgs(&deleted)}
                </UserFrame>
            }
            .into_any()
        },
    )
}

fn none_yet() -> AnyView {
    view! {
        <EmptyState title="You are not a member of any organization yet">
            <p>"Create one, or ask somebody to invite you to theirs."</p>
        </EmptyState>
    }
    .into_any()
}

fn org_list(page: &Page<OrgSummary>, query: &OrgListQuery) -> AnyView {
    let address = |number| routes::org_list(&query.at_page(number));
    if page.is_beyond_last() {
        return past_the_end(page, address);
    }
    if page.rows.is_empty() {
        return view! {
            <EmptyState title="No organizations match">
                <p>"None of yours has that name or slug. Try fewer letters."</p>
                <p><a class="button" href=routes::ORGS>"Show all organizations"</a></p>
            </EmptyState>
        }
        .into_any();
    }
    let lines = page
        .rows
        .iter()
        .map(|org| {
            view! {
                <li>
                    <a class="org-list__link" href=OrgPage::Overview.path(&org.slug)>
                        <Avatar name=&org.name picture=org.logo.as_ref().map(routes::picture) square=true/>
                        <bdi class="org-list__name">{org.name.clone()}</bdi>
                        <span class="org-list__slug">{format!("/{}", org.slug)}</span>
                        <RoleBadge role=org.role/>
                        <Icon symbol=Symbol::Next/>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <ul class="org-list">{lines}</ul>
        {list_foot(page, "Pages of the list of organizations", address)}
    }
    .into_any()
}

/// What the user deleted, or another owner, and can bring back.
fn deleted_orgs(deleted: &[DeletedOrg]) -> Option<AnyView> {
    if deleted.is_empty() {
        return None;
    }
    let lines = deleted
        .iter()
        .map(|org| {
            view! {
                <li class="name-list__line">
                    <a href=OrgPage::Overview.path(&org.slug)><bdi>{org.name.clone()}</bdi></a>
                    <span class="quiet">
                        "Can be restored until "
                        <Day at=org.restorable_until()/>
                    </span>
                </li>
            }
        })
        .collect_view();
    Some(
        view! {
            <Card id="deleted-title" title="Deleted">
                <ul class="name-list">{lines}</ul>
            </Card>
        }
        .into_any(),
    )
}

fn count(page: &Page<OrgSummary>, query: &OrgListQuery) -> String {
    match (query.search.is_empty(), page.total) {
        (true, 1) => "1 organization".to_owned(),
        (true, _) => format!("{} organizations", total(page)),
        (false, 1) => "1 match".to_owned(),
        (false, _) => format!("{} matches", total(page)),
    }
}
