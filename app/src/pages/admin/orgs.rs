//! `/admin/orgs`: every organization, fifty at a time.

use leptos::prelude::*;
use orghub::{
    domain::{Page, RecordQuery, platform::OrgLine},
    routes::{self, AdminPage},
};
use orghub_ui::{
    components::{
        Badge, Day, EmptyState, ProblemMessage, RecordFilter, Tone, grouped, list_foot,
        past_the_end, total,
    },
    forms, response,
};

use super::render_admin;
use crate::services::services;

/// The organizations that the address asks for (`page`, `q`).
#[component]
pub fn AdminOrgsPage() -> impl IntoView {
    let query = RecordQuery::from_query(&response::request_query());
    let asked = query.clone();
    render_admin(
        AdminPage::Orgs,
        move |admin| async move {
            let platform = services().platform.clone();
            Ok(platform.list_orgs(&admin, &asked).await?)
        },
        move |flash, page| {
            // Of a form that did not say which organization it was about.
            let problem = flash.problem(&[&forms::ADMIN_SET_LIMITS, &forms::ADMIN_RESTORE_ORG]);
            let problem = problem.map(|problem| problem.message().to_owned());
            view! {
                <div class="page-head">
                    <h1 class="page-title">"Organizations"</h1>
                    <p class="page-head__count">{format!("{} found", total(&page))}</p>
                </div>
                {problem.map(|text| view! { <ProblemMessage text/> })}
                <RecordFilter page=AdminPage::Orgs label="Name, slug or id" query=query.clone()/>
                <div class="paged-list" data-total=page.total.to_string()>
                    {list(&page, &query)}
                </div>
            }
            .into_any()
        },
    )
}

fn list(page: &Page<OrgLine>, query: &RecordQuery) -> AnyView {
    let address = |number| routes::admin_list(AdminPage::Orgs, &query.at_page(number));
    if page.is_beyond_last() {
        return past_the_end(page, address);
    }
    if page.rows.is_empty() {
        return view! {
            <EmptyState title="No organizations match">
                <p>"None has that name, slug or id. Try fewer letters."</p>
            </EmptyState>
        }
        .into_any();
    }
    let rows = page.rows.iter().map(row).collect_view();
    view! {
        <table class="table records">
            <caption class="visually-hidden">"Organizations"</caption>
            <thead>
                <tr>
                    <th scope="col">"Organization"</th>
                    <th scope="col">"Plan"</th>
                    <th scope="col">"Members"</th>
                    <th scope="col">"Created (UTC)"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        {list_foot(page, "Pages of the list of organizations", address)}
    }
    .into_any()
}

fn row(org: &OrgLine) -> AnyView {
    let deleted = org
        .is_deleted
        .then(|| view! { <Badge tone=Tone::Bad text="Deleted"/> });
    view! {
        <tr data-org=org.slug.to_string()>
            <th scope="row">
                <span class="records__what">
                    <a href=routes::admin_org(org.id)><bdi>{org.name.clone()}</bdi></a>
                    {deleted}
                </span>
                <span class="records__quiet">{format!("/{}", org.slug)}</span>
            </th>
            <td data-label="Plan">{org.plan.label()}</td>
            <td data-label="Members">{grouped(org.members)}</td>
            <td data-label="Created (UTC)"><Day at=org.created_at/></td>
        </tr>
    }
    .into_any()
}
