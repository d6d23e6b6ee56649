//! `/orgs/{slug}/members/change/progress`: how far a change of many members is, and what became
//! of each of them.

use leptos::prelude::*;
use orghub::{
    domain::{
        BulkChange, BulkEnd, BulkReport, BulkRow, BulkState, Page, PageNumber, RowOutcome,
        UndoOutcome,
    },
    routes::{self, OrgPage},
};
use orghub_ui::{
    components::{
        Badge, EmptyState, Moment, ProblemMessage, RoleBadge, Tone, grouped, list_foot,
        past_the_end,
    },
    error::AppError,
    forms::{self, Form},
    response,
};
use time::OffsetDateTime;

use super::{OrgRequest, render_org};
use crate::services::services;

/// How often a browser looks how far it is.
const RELOAD_SECONDS: u32 = 2;

/// The change that the address names (`change`), or the one that was asked for last.
#[component]
pub fn BulkChangePage() -> impl IntoView {
    let query = response::request_query();
    render_org(
        OrgPage::BulkChange,
        move |access| async move {
            let services = services();
            let id = routes::bulk_change_in(&query).map_err(|_no_id| AppError::NotFound)?;
            let page = PageNumber::parse(&routes::param_in(&query, "page"));
            let report = services.orgs.get_bulk_change(&access, id, page).await?;
            Ok((report, services.clock.now()))
        },
        |request, (report, now)| {
            let content = match report {
                Some(report) => show(request, &report, now),
                None => nothing(request),
            };
            view! {
                <div class="page-head"><h1 class="page-title">"Change of members"</h1></div>
                {content}
            }
            .into_any()
        },
    )
}

fn nothing(request: &OrgRequest) -> AnyView {
    let list = OrgPage::Members.path(request.access.slug());
    view! {
        <EmptyState title="Nothing was changed">
            <p>"Nobody has changed many members at once in the last seven days."</p>
            <p><a class="button" href=list>"Show all members"</a></p>
        </EmptyState>
    }
    .into_any()
}

fn show(request: &OrgRequest, report: &BulkReport, now: OffsetDateTime) -> AnyView {
    let BulkReport { change, rows } = report;
    if change.is_at_work() {
        response::reload_after(RELOAD_SECONDS);
    }
    let slug = request.access.slug();
    let problem = request
        .flash
        .problem(&[&forms::CANCEL_BULK_CHANGE, &forms::UNDO_BULK_CHANGE])
        .map(|problem| problem.message().to_owned())
        .map(|text| view! { <ProblemMessage text/> });
    let left = change
        .counts
        .left
        .iter()
        .map(|(why, count)| line(*count, why.label(), why.as_str()))
        .collect_view();
    let undone = change
        .counts
        .undone
        .iter()
        .map(|(what, count)| line(*count, what.label(), what.as_str()))
        .collect_view();
    view! {
        {problem}
        <section class="card" aria-labelledby="progress-title" data-state=state(change)>
            <div class="card__head">
                <h2 class="card__title" id="progress-title">
                    {change.action.of(change.counts.total)}
                </h2>
            </div>
            <div class="card__body">
                <p>
                    "Asked for by "
                    <bdi>{change.asked_by.clone()}</bdi>
                    ", "
                    <Moment at=change.asked_at/>
                    "."
                </p>
                {progress(change)}
                <ul class="name-list">
                    {line(change.counts.done, RowOutcome::Done.label(), RowOutcome::Done.as_str())}
                    {left}
                    {undone}
                </ul>
                {buttons(request, change, now)}
            </div>
        </section>
        {table(request, change, rows)}
        <p><a href=OrgPage::Members.path(slug)>"Back to the members"</a></p>
    }
    .into_any()
}

/// What tests and style sheets call the state.
fn state(change: &BulkChange) -> &'static str {
    match change.state {
        BulkState::UnderWay => "under-way",
        BulkState::Ended { how, .. } => how.as_str(),
        BulkState::Undoing => "undoing",
        BulkState::Undone { .. } => "undone",
    }
}

fn line(count: i64, label: &'static str, name: &'static str) -> impl IntoView + use<> {
    view! {
        <li class="name-list__line" data-outcome=name data-count=count.to_string()>
            <span>{label}</span>
            <span>{grouped(count)}</span>
        </li>
    }
}

/// The bar, with the same in words.
fn progress(change: &BulkChange) -> AnyView {
    let counts = &change.counts;
    let (reached, of) = match change.state {
        BulkState::UnderWay | BulkState::Ended { .. } => (counts.reached(), counts.total),
        BulkState::Undoing | BulkState::Undone { .. } => (counts.undo_reached(), counts.done),
    };
    let how_far = format!("{} of {} members", grouped(reached), grouped(of));
    let sentence = match change.state {
        BulkState::UnderWay => format!("Under way: {how_far}."),
        BulkState::Ended { how, .. } => match how {
            BulkEnd::Done => "It has ended.".to_owned(),
            BulkEnd::Cancelled => format!("It was cancelled after {how_far}."),
            BulkEnd::Stopped => format!(
                "It stopped after {how_far}: whoever asked for it may not change members any more."
            ),
        },
        BulkState::Undoing => format!("It is being taken back: {how_far}."),
        BulkState::Undone { how } => match how {
            BulkEnd::Done => "It was taken back.".to_owned(),
            BulkEnd::Cancelled => format!("Taking it back was cancelled after {how_far}."),
            BulkEnd::Stopped => format!(
                "Taking it back stopped after {how_far}: whoever asked for it may not change \
                 members any more."
            ),
        },
    };
    view! {
        <p id="how-far" role="status">{sentence}</p>
        <progress
            class="bulk-change__progress"
            max=of.max(1).to_string()
            value=reached.to_string()
            aria-labelledby="how-far"
        >
            {how_far}
        </progress>
    }
    .into_any()
}

fn buttons(request: &OrgRequest, change: &BulkChange, now: OffsetDateTime) -> AnyView {
    let here = routes::bulk_change(request.access.slug(), change.id);
    match (change.state, change.undo_until(now)) {
        (BulkState::UnderWay | BulkState::Undoing, _) => {
            let cancel = button(request, change, &forms::CANCEL_BULK_CHANGE, "Cancel");
            view! {
                <div class="form__buttons">
                    <a class="button" href=here>"Look again"</a>
                    {cancel}
                </div>
            }
            .into_any()
        }
        (_, Some(until)) => {
            let undo = button(request, change, &forms::UNDO_BULK_CHANGE, "Take it back");
            view! {
                <p>"It can be taken back until " <Moment at=until/> "."</p>
                {undo}
            }
            .into_any()
        }
        _ => ().into_any(),
    }
}

fn button(
    request: &OrgRequest,
    change: &BulkChange,
    form: &'static Form,
    text: &'static str,
) -> AnyView {
    let slug = request.access.slug();
    view! {
        <form method="post" action=form.action>
            <input type="hidden" name="org" value=slug.to_string()/>
            <input type="hidden" name="change" value=change.id.to_string()/>
            <input type="hidden" name="return_to" value=routes::bulk_change(slug, change.id)/>
            <button class="button">{text}</button>
        </form>
    }
    .into_any()
}

fn table(request: &OrgRequest, change: &BulkChange, page: &Page<BulkRow>) -> AnyView {
    let slug = request.access.slug();
    let address = |number: PageNumber| {
        let here = routes::bulk_change(slug, change.id);
        match number {
            PageNumber::FIRST => here,
            _ => format!("{here}&page={number}"),
        }
    };
    if page.is_beyond_last() {
        return past_the_end(page, address);
    }
    let rows = page.rows.iter().map(row).collect_view();
    view! {
        <div class="paged-list">
            <table class="table records">
                <caption class="visually-hidden">
                    {format!("What became of each, page {} of {}", page.number, page.last())}
                </caption>
                <thead>
                    <tr>
                        <th scope="col">"Member"</th>
                        <th scope="col">"Role before"</th>
                        <th scope="col">"What became of it"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            {list_foot(page, "Pages of the members of this change", address)}
        </div>
    }
    .into_any()
}

fn row(row: &BulkRow) -> AnyView {
    let who = match &row.who {
        Some(who) => view! {
            <bdi>{who.name.clone()}</bdi>
            " "
            <span class="records__quiet"><bdi>{who.email.clone()}</bdi></span>
        }
        .into_any(),
        None => "An account that was deleted".into_any(),
    };
    let (tone, text) = match (row.outcome, row.undo) {
        (_, Some(undo @ UndoOutcome::Done)) => (Tone::Neutral, undo.label()),
        (_, Some(undo)) => (Tone::Warning, undo.label()),
        (Some(outcome @ RowOutcome::Done), None) => (Tone::Good, outcome.label()),
        (Some(outcome), None) => (Tone::Warning, outcome.label()),
        (None, None) => (Tone::Neutral, "Not yet"),
    };
    let outcome = row.outcome.map_or("", RowOutcome::as_str);
    view! {
        <tr data-row data-outcome=outcome>
            <th scope="row">{who}</th>
            <td data-label="Role before"><RoleBadge role=row.role/></td>
            <td data-label="What became of it"><Badge tone text/></td>
        </tr>
    }
    .into_any()
}
