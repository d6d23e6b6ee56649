//! `/orgs/{slug}/members`: everybody, so many at a time.

use leptos::prelude::*;
use orghub::{
    domain::{
        ListFrom, MemberListQuery, MemberPage, MemberRow, Membership, Page, PageNumber, Permission,
    },
    routes::{self, OrgPage},
};
use orghub_ui::{
    components::{
        Beside, EmptyState, MemberFilter, ProblemMessage, foot_beside, hours_change_at,
        member_table, past_the_end, total, total_so_far,
    },
    context,
    forms::{self, Problem},
    islands::{LiveFilter, Total},
    response,
};
use time::OffsetDateTime;

use super::render_org;
use crate::services::services;

/// The member list that the address asks for ([`MemberListQuery::from_query`]).
#[component]
pub fn MembersPage() -> impl IntoView {
    let query = MemberListQuery::from_query(&response::request_query());
    let asked = query.clone();
    render_org(
        OrgPage::Members,
        |access| async move {
            let services = services();
            let members = services.orgs.list_members(&access, &asked).await?;
            Ok((members, context::now_until(hours_change_at)))
        },
        move |request, (found, now)| {
            let page = &found.page;
            let reader = request.membership();
            // What was not answered is not shown as asked either.
            let query = query.for_reader(reader.role);
            let problem = request.flash.problem(&[
                &forms::CHANGE_ROLE,
                &forms::SUSPEND_MEMBER,
                &forms::REINSTATE_MEMBER,
                &forms::REMOVE_MEMBER,
            ]);
            let message = problem
                .filter(|problem| !has_row(page, problem))
                .map(|problem| problem.message().to_owned());
            let list = list(reader, &query, &found, problem, now);
            let role = reader.role;
            view! {
                <div class="page-head">
                    <h1 class="page-title">"Members"</h1>
                    {count(reader, page, &query)}
                    {for_all(reader, &query)}
                </div>
                {message.map(|text| view! { <ProblemMessage text/> })}
                <MemberFilter slug=request.access.slug().clone() query reader=role/>
                <LiveFilter/>
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
        },
    )
}

/// What can be done with all whom the list finds.
fn for_all(reader: &Membership, query: &MemberListQuery) -> AnyView {
    let slug = &reader.org_slug;
    let change = reader.role.may(Permission::ManageMembers).then(|| {
        let page = routes::change_members(slug, query, None);
        view! { <a class="button" href=page>"Change all"</a> }
    });
    let file = reader.role.may(Permission::ExportMembers).then(|| {
        let file = routes::member_file(slug, query);
        view! { <a class="button" href=file download>"Export CSV"</a> }
    });
    view! {
        {change}
        {file}
    }
    .into_any()
}

fn list(
    reader: &Membership,
    query: &MemberListQuery,
    found: &MemberPage,
    problem: Option<&Problem>,
    now: OffsetDateTime,
) -> AnyView {
    let page = &found.page;
    let address = |number| routes::member_list(&reader.org_slug, &query.at_page(number));
    if page.rows.is_empty() && page.total > 0 {
        return past_the_end(page, address);
    }
    if page.rows.is_empty() {
        let everybody = OrgPage::Members.path(&reader.org_slug);
        return view! {
            <EmptyState title="No members match">
                <p>"No member is like that. Try fewer letters or fewer filters."</p>
                <p><a class="button" href=everybody>"Show all members"</a></p>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        {member_table(reader, query, page, problem, now)}
        {foot_beside(page, "Pages of the member list", address, beside(reader, query, found))}
    }
    .into_any()
}

/// The pages before and after this one, by the places where they end and begin: whoever walks
/// the list sees nobody twice, and misses nobody who stays, while others come and go.
fn beside(reader: &Membership, query: &MemberListQuery, found: &MemberPage) -> Beside {
    let number = found.page.number.get();
    let address = |number, from| {
        routes::member_list(
            &reader.org_slug,
            &query.from_place(PageNumber::new(number), from),
        )
    };
    Beside {
        previous: found.before.clone().map(|place| {
            // Nobody stands before the first page, whatever it is called.
            address(number.saturating_sub(1), ListFrom::Before(place))
        }),
        next: found
            .after
            .clone()
            .map(|place| address(number.saturating_add(1), ListFrom::After(place))),
    }
}

/// Whether the member that a problem is about is on this page: then the message stands in
/// that row.
fn has_row(page: &Page<MemberRow>, problem: &Problem) -> bool {
    problem
        .typed("member_id")
        .is_some_and(|id| page.rows.iter().any(|member| member.id.to_string() == id))
}

/// How many the list has. If they are not counted yet, a browser asks for it when it shows the
/// page, and says it to a screen reader, too; without scripts a link does.
fn count(reader: &Membership, page: &Page<MemberRow>, query: &MemberListQuery) -> AnyView {
    let noun = match (query.is_filtered(), page.total) {
        (false, 1) => " member",
        (false, _) => " members",
        (true, 1) => " match",
        (true, _) => " matches",
    };
    if page.is_counted() {
        let count = total(page) + noun;
        return view! { <p class="page-head__count">{count}</p> }.into_any();
    }
    let counted = routes::member_total(&reader.org_slug, query);
    let without_script = routes::member_list(&reader.org_slug, &query.with_total());
    view! {
        <p class="page-head__count" role="status" data-count=counted>
            {total_so_far(page)}
            {noun}
            <noscript>" "<a href=without_script>"Count all"</a></noscript>
        </p>
        <Total/>
    }
    .into_any()
}
