//! `/orgs/{slug}/members`: everybody, fifty at a time.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::{
    access::OrgAccess,
    domain::{MemberListQuery, MemberRow, PAGE_SIZE, Page},
    routes,
};

use super::render_org;
use crate::{
    components::{
        EmptyState, MemberFilter, OrgLayout, ProblemMessage, Section, grouped, member_table,
        pagination,
    },
    context,
    flash::{Flash, FormName, Problem},
    response,
};

/// The member list that the address asks for: `page`, `q`, `role`, `sort`.
#[component]
pub fn MembersPage() -> impl IntoView {
    let flash = Flash::take();
    let params = response::request_query();
    let query = MemberListQuery::from_params(|name| {
        params
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    });
    let asked = query.clone();
    render_org(
        |access| async move {
            Ok(context::services()
                .orgs
                .list_members(&access, &asked)
                .await?)
        },
        move |access, page| {
            let notice = flash.as_ref().and_then(Flash::notice);
            let problem = flash
                .as_ref()
                .and_then(|flash| flash.problem(FormName::Member));
            let about_no_row = problem
                .filter(|problem| !has_row(&page, problem))
                .map(|problem| problem.error.message.clone());
            let content = view! {
                <div class="page-head">
                    <h1 class="page-title">"Members"</h1>
                    <p class="page-head__count">{count(&page, &query)}</p>
                </div>
                {about_no_row.map(|text| view! { <ProblemMessage text/> })}
                <MemberFilter slug=access.slug().clone() query=query.clone()/>
                <div
                    class="member-list"
                    data-total=page.total.to_string()
                    data-page=page.number.to_string()
                    data-pages=page.last().to_string()
                >
                    {list(&access, &query, &page, problem)}
                </div>
            };
            view! {
                <Title text=format!("Members · {}", access.membership().org_name)/>
                <OrgLayout access=access.clone() section=Section::Members notice content=content.into_any()/>
            }
            .into_any()
        },
    )
}

fn list(
    access: &OrgAccess,
    query: &MemberListQuery,
    page: &Page<MemberRow>,
    problem: Option<&Problem>,
) -> AnyView {
    let address = |number| routes::member_list(access.slug(), &query.at_page(number));
    if page.is_beyond_last() {
        let last = page.last();
        let pages = if last.get() == 1 { "page" } else { "pages" };
        let there = address(last);
        return view! {
            <EmptyState title="The list ends before this page">
                <p>{format!("It has {} {pages}.", grouped(last.get()))}</p>
                <p><a class="button" href=there>"Go to the last page"</a></p>
            </EmptyState>
        }
        .into_any();
    }
    if page.rows.is_empty() {
        let everybody = routes::members(access.slug());
        return view! {
            <EmptyState title="Nobody matches">
                <p>"No member has that name, e-mail or role. Try fewer letters or another role."</p>
                <p><a class="button" href=everybody>"Show all members"</a></p>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        {member_table(access, query, page, problem)}
        <div class="member-list__foot">
            <p class="member-list__range">{range(page)}</p>
            {pagination(page, "Pages of the member list", address)}
        </div>
    }
    .into_any()
}

/// Whether the member a problem is about stands on this page, where the message
/// then stands, too.
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
