//! `/admin/users`: everybody, fifty at a time.

use leptos::prelude::*;
use orghub::{
    domain::{Page, RecordQuery, platform::UserLine},
    routes::{self, AdminPage},
};
use orghub_ui::{
    components::{
        Badge, Day, EmptyState, ProblemMessage, RecordFilter, Tone, list_foot, past_the_end, total,
    },
    forms, response,
};

use super::render_admin;
use crate::services::services;

/// The users whom the address asks for (`page`, `q`).
#[component]
pub fn AdminUsersPage() -> impl IntoView {
    let query = RecordQuery::from_query(&response::request_query());
    let asked = query.clone();
    render_admin(
        AdminPage::Users,
        move |admin| async move {
            let platform = services().platform.clone();
            Ok(platform.list_users(&admin, &asked).await?)
        },
        move |flash, page| {
            // Of a form that did not say whom it was about.
            let problem = flash.problem(&[
                &forms::ADMIN_SUSPEND_USER,
                &forms::ADMIN_REINSTATE_USER,
                &forms::ADMIN_SIGN_OUT_USER,
            ]);
            let problem = problem.map(|problem| problem.message().to_owned());
            view! {
                <div class="page-head">
                    <h1 class="page-title">"Users"</h1>
                    <p class="page-head__count">{format!("{} found", total(&page))}</p>
                </div>
                {problem.map(|text| view! { <ProblemMessage text/> })}
                <RecordFilter page=AdminPage::Users label="Name, e-mail or id" query=query.clone()/>
                <div class="paged-list" data-total=page.total.to_string()>
                    {list(&page, &query)}
                </div>
            }
            .into_any()
        },
    )
}

fn list(page: &Page<UserLine>, query: &RecordQuery) -> AnyView {
    let address = |number| routes::admin_list(AdminPage::Users, &query.at_page(number));
    if page.is_beyond_last() {
        return past_the_end(page, address);
    }
    if page.rows.is_empty() {
        return view! {
            <EmptyState title="No users match">
                <p>"Nobody has that name, e-mail or id. Try fewer letters."</p>
            </EmptyState>
        }
        .into_any();
    }
    let rows = page.rows.iter().map(row).collect_view();
    view! {
        <table class="table records">
            <caption class="visually-hidden">"Users"</caption>
            <thead>
                <tr>
                    <th scope="col">"User"</th>
                    <th scope="col">"Since (UTC)"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        {list_foot(page, "Pages of the list of users", address)}
    }
    .into_any()
}

fn row(user: &UserLine) -> AnyView {
    let suspended = user
        .is_suspended
        .then(|| view! { <Badge tone=Tone::Bad text="Suspended"/> });
    let admin = user
        .is_platform_admin
        .then(|| view! { <Badge tone=Tone::Accent text="Platform admin"/> });
    view! {
        <tr data-user-id=user.id.to_string()>
            <th scope="row">
                <span class="records__what">
                    <a href=routes::admin_user(user.id)><bdi>{user.name.clone()}</bdi></a>
                    {suspended}
                    {admin}
                </span>
                <span class="records__quiet"><bdi>{user.email.to_string()}</bdi></span>
            </th>
            <td data-label="Since (UTC)"><Day at=user.created_at/></td>
        </tr>
    }
    .into_any()
}
