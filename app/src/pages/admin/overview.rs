//! `/admin`: figures, and what platform admins did.

use leptos::prelude::*;
use orghub::{
    domain::{Page, PlatformAct, RecordQuery, platform::PlatformCounts},
    routes::{self, AdminPage},
};
use orghub_ui::{
    components::{Moment, grouped, list_foot, past_the_end, phrase},
    response,
};

use super::render_admin;
use crate::services::services;

/// The site in a few figures, and the platform's log at the page that the address asks for.
#[component]
pub fn AdminOverviewPage() -> impl IntoView {
    let number = RecordQuery::from_query(&response::request_query()).page;
    render_admin(
        AdminPage::Overview,
        move |admin| async move {
            let platform = services().platform.clone();
            let counts = platform.count_all(&admin).await?;
            let acts = platform.list_acts(&admin, number).await?;
            Ok((counts, acts))
        },
        |_flash, (counts, acts)| {
            let total = acts.total.to_string();
            view! {
                <div class="page-head"><h1 class="page-title">"Platform"</h1></div>
                {facts(&counts)}
                <section class="card" aria-labelledby="log-title">
                    <div class="card__head">
                        <h2 class="card__title" id="log-title">"What platform admins did"</h2>
                    </div>
                    <div class="card__body paged-list" data-total=total>
                        {log(acts)}
                    </div>
                </section>
            }
            .into_any()
        },
    )
}

fn facts(counts: &PlatformCounts) -> AnyView {
    let fact = |name: &'static str, href: Option<AdminPage>, number: i64, more: String| {
        let number = grouped(number);
        let number = match href {
            Some(page) => {
                view! { <a class="facts__number" href=page.path()>{number}</a> }.into_any()
            }
            None => view! { <span class="facts__number">{number}</span> }.into_any(),
        };
        let more = (!more.is_empty()).then(|| view! { <span class="facts__more">{more}</span> });
        view! {
            <div class="facts__fact">
                <dt>{name}</dt>
                <dd>{number}{more}</dd>
            </div>
        }
    };
    view! {
        <dl class="facts">
            {fact(
                "Organizations",
                Some(AdminPage::Orgs),
                counts.orgs,
                format!("and {} deleted", grouped(counts.deleted_orgs)),
            )}
            {fact("With a subscription", None, counts.subscribed_orgs, String::new())}
            {fact(
                "Users",
                Some(AdminPage::Users),
                counts.users,
                format!("{} suspended", grouped(counts.suspended_users)),
            )}
        </dl>
    }
    .into_any()
}

fn log(acts: Page<PlatformAct>) -> AnyView {
    if acts.is_beyond_last() {
        return past_the_end(&acts, routes::admin_log);
    }
    if acts.rows.is_empty() {
        return view! { <p class="quiet">"Nothing yet."</p> }.into_any();
    }
    let foot = list_foot(&acts, "Pages of the log", routes::admin_log);
    let lines = acts.rows.into_iter().map(line).collect_view();
    view! {
        <ol class="activity">{lines}</ol>
        {foot}
    }
    .into_any()
}

fn line(act: PlatformAct) -> AnyView {
    let kind = act.kind.as_str();
    let sentence = act.sentence().into_iter().map(phrase).collect_view();
    let from = act.address.map(|address| format!(", from {address}"));
    view! {
        <li class="activity__entry" data-kind=kind>
            <span><strong><bdi>{act.actor}</bdi></strong>" "{sentence}</span>
            <span class="activity__when"><Moment at=act.at/>{from}</span>
        </li>
    }
    .into_any()
}
