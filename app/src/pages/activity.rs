//! `/orgs/{slug}/activity`: who did what to whom, fifty entries at a time.

use leptos::prelude::*;
use orghub::{
    domain::{ActivityListQuery, OrgSlug, activity_list},
    routes::{self, OrgPage},
};
use orghub_ui::{
    components::{ActivityFilter, ActivityLog, EmptyState},
    response,
};

use super::render_org;
use crate::services::services;

/// The part of the audit log that the address asks for: `kind`, `who`, `from`, `to`, `before`.
#[component]
pub fn ActivityPage() -> impl IntoView {
    let query = ActivityListQuery::from_query(&response::request_query());
    let asked = query.clone();
    render_org(
        OrgPage::Activity,
        |access| async move {
            let services = services();
            Ok(services.orgs.list_activity(&access, &asked).await?)
        },
        move |request, page| {
            let slug = request.access.slug();
            let file = routes::activity_file(slug, &query);
            let list = list(slug, &query, &page);
            view! {
                <div class="page-head">
                    <h1 class="page-title">"Activity"</h1>
                    <a class="button" href=file download>"Export CSV"</a>
                </div>
                <ActivityFilter slug=slug.clone() query/>
                <div class="paged-list" data-entries=page.entries.len().to_string()>{list}</div>
            }
            .into_any()
        },
    )
}

fn list(slug: &OrgSlug, query: &ActivityListQuery, page: &activity_list::ActivityPage) -> AnyView {
    if page.entries.is_empty() {
        return nothing(slug, query);
    }
    let newest = routes::activity_list(slug, &query.before(None));
    let newest = query.before.map(|_| newest);
    let older = page.older();
    let older = older.map(|older| routes::activity_list(slug, &query.before(Some(older))));
    let is_whole = newest.is_none() && older.is_none();
    let pager = (!is_whole).then(|| {
        view! {
            <nav class="pager" aria-label="Pages of the activity">
                <ul class="pager__list">
                    <li>{end("Newest", None, newest)}</li>
                    <li>{end("Older", Some("next"), older)}</li>
                </ul>
            </nav>
        }
    });
    view! {
        <section class="card" aria-label="Entries">
            <div class="card__body">
                <ActivityLog entries=page.entries.clone()/>
            </div>
        </section>
        {pager}
    }
    .into_any()
}

/// A link that keeps its place when it leads nowhere.
fn end(text: &'static str, rel: Option<&'static str>, to: Option<String>) -> AnyView {
    match to {
        Some(href) => view! { <a class="pager__link" href=href rel=rel>{text}</a> }.into_any(),
        None => view! { <span class="pager__link" aria-disabled="true">{text}</span> }.into_any(),
    }
}

fn nothing(slug: &OrgSlug, query: &ActivityListQuery) -> AnyView {
    if !query.is_filtered() && query.before.is_none() {
        return view! {
            <EmptyState title="No activity yet">
                <p>"What members, admins and the platform change is listed here."</p>
            </EmptyState>
        }
        .into_any();
    }
    let everything = OrgPage::Activity.path(slug);
    view! {
        <EmptyState title="No activity matches">
            <p>"Nothing of that kind was done by or to somebody of that name in those days."</p>
            <p><a class="button" href=everything>"Show all activity"</a></p>
        </EmptyState>
    }
    .into_any()
}
