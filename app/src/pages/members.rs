//! `/orgs/{slug}/members`: everybody, fifty at a time.

use leptos::prelude::*;
use orghub::{
    domain::{MemberListQuery, MemberRow, Membership, PAGE_SIZE, Page},
    routes::{self, OrgPage},
};

use super::render_org;
use crate::{
    components::{EmptyState, MemberFilter, ProblemMessage, grouped, member_table, pagination},
    context,
    forms::{self, Problem},
    response,
};

/// The member list that the address asks for: `page`, `q`, `role`, `sort`.
#[component]
pub fn MembersPage() -> impl IntoView {
    let query = MemberListQuery::from_query(&response::request_query());
    let asked = query.clone();
    render_org(
        OrgPage::Members,
        |access| async move {
            let orgs = context::services().orgs;
            Ok(orgs.list_members(&access, &asked).await?)
        },
        move |request, found| {
            let page = &found.page;
            let problem = request
                .flash
                .problem(&[&forms::CHANGE_ROLE, &forms::REMOVE_MEMBER]);
            let message = problem
                .filter(|problem| !has_row(page, problem))
                .map(|problem| problem.message().to_owned());
            let list = list(request.membership(), &query, page, problem);
            view! {
                <div class="page-head">
                    <h1 class="page-title">"Members"</h1>
                    <p class="page-head__count">{count(page, &query)}</p>
                </div>
                {message.map(|text| view! { <ProblemMessage text/> })}
                <MemberFilter slug=request.access.slug().clone() query/>
                <div
                    class="member-list"
                    data-total=page.total.to_string()
                    data-page=page.number.to_string()
                    data-pages=page.last().to_string()
                >
                    {list}
                </div>
            }
            .into_any()
        },
    )
}

fn list(
    reader: &Membership,
    query: &MemberListQuery,
    page: &Page<MemberRow>,
    problem: Option<&Problem>,
) -> AnyView {
    let address = |number| routes::member_list(&reader.org_slug, &query.at_page(number));
    if page.is_beyond_last() {
        let last = page.last();
        let pages = if last.get() == 1 { "page" } else { "pages" };
        let there = address(last);
        return view! {
            <EmptyState title="This page is past the end of the list">
                <p>{format!("The list has {} {pages}.", grouped(last.get()))}</p>
                <p><a class="button" href=there>"Go to the last page"</a></p>
            </EmptyState>
        }
        .into_any();
    }
    if page.rows.is_empty() {
        let everybody = OrgPage::Members.path(&reader.org_slug);
        return view! {
            <EmptyState title="No members match">
                <p>"No member has that name, e-mail or role. Try fewer letters or another role."</p>
                <p><a class="button" href=everybody>"Show all members"</a></p>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        {member_table(reader, query, page, problem)}
        <div class="member-list__foot">
            <p class="member-list__range">{range(page)}</p>
            {pagination(page, "Pages of the member list", address)}
        </div>
    }
    .into_any()
}

/// Whether the member that a problem is about is on this page: then the message stands in
/// that row.
fn has_row(page: &Page<MemberRow>, problem: &Problem) -> bool {
    problem
        .typed("member_id")
        .is_some_and(|id| page.rows.iter().any(|member| member.id.to_string() == id))
}

fn count(page: &Page<MemberRow>, query: &MemberListQuery) -> String {
    let is_filtered = !query.search.is_empty() || query.role.is_some();
    match (is_filtered, page.total) {
        (false, 1) => "1 member".to_owned(),
        (false, _) => format!("{} members", total(page)),
        (true, 1) => "1 match".to_owned(),
        (true, _) => format!("{} matches", total(page)),
    }
}

/// "1–50 of 10,000".
fn range(page: &Page<MemberRow>) -> String {
    let first = page.number.offset() + 1;
    let last =
        page.number.offset() + i64::try_from(page.rows.len()).unwrap_or(i64::from(PAGE_SIZE));
    format!("{}–{} of {}", grouped(first), grouped(last), total(page))
}

fn total(page: &Page<MemberRow>) -> String {
    let more = if page.total_is_capped { "+" } else { "" };
    format!("{}{more}", grouped(page.total))
}
