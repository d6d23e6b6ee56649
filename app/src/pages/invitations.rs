//! `/orgs/{slug}/invitations`: inviting people, and whom one has invited.

use std::sync::Arc;

use leptos::prelude::*;
use orghub::{
    access::OrgAccess,
    domain::{CheckedDraft, InvitationListQuery, InvitationPage, Membership, SubscriptionView},
    routes::{self, OrgPage},
};
use orghub_ui::{
    components::{
        EmptyState, InvitationFilter, InviteForms, NoticeMessage, ProblemMessage, Seats,
        draft_table, invitation_table, list_foot, past_the_end, total,
    },
    error::AppError,
    forms::{self, Problem},
    response,
};

use super::{OrgRequest, render_org};
use crate::services::services;

/// What the page shows besides its forms.
struct Data {
    subscription: Arc<SubscriptionView>,
    page: InvitationPage,
    /// A list that is not sent yet.
    draft: Option<CheckedDraft>,
    /// The address names one that is gone.
    draft_is_gone: bool,
}

/// The invitations that the address asks for (`page`, `q`, `state`), or with `draft` a list of
/// people with what would become of each.
#[component]
pub fn InvitationsPage() -> impl IntoView {
    let address = response::request_query();
    let query = InvitationListQuery::from_query(&address);
    let asked = query.clone();
    render_org(
        OrgPage::Invitations,
        move |access| load(access, asked, address),
        move |request, data| show(request, &query, data),
    )
}

async fn load(
    access: OrgAccess,
    query: InvitationListQuery,
    address: String,
) -> Result<Data, AppError> {
    let services = services();
    let (mut draft, mut draft_is_gone) = (None, false);
    if let Some(id) = routes::draft_in(&address) {
        match services
            .invitations
            .get_draft(&access, id)
            .await
            .map_err(AppError::from)
        {
            Ok(found) => draft = Some(found),
            Err(AppError::NotFound) => draft_is_gone = true,
            Err(error) => return Err(error),
        }
    }
    Ok(Data {
        subscription: services.billing.get_org_subscription(&access).await?,
        page: services.invitations.list(&access, &query).await?,
        draft,
        draft_is_gone,
    })
}

fn show(request: &OrgRequest, query: &InvitationListQuery, data: Data) -> AnyView {
    let reader = request.membership();
    let row_forms = [
        &forms::RESEND_INVITATION,
        &forms::COPY_INVITATION_LINK,
        &forms::CANCEL_INVITATION,
    ];
    let problem = request.flash.problem(&row_forms);
    let messages = problem
        .filter(|problem| !has_row(&data.page, problem))
        .into_iter()
        .chain(request.flash.problem(&[&forms::SEND_INVITATIONS]))
        .map(|problem| problem.message().to_owned())
        .map(|text| view! { <ProblemMessage text/> })
        .collect_view();
    let gone = data.draft_is_gone.then(|| {
        let text = "This list was sent already, or is older than an hour.".to_owned();
        view! { <NoticeMessage text/> }
    });
    let content = match &data.draft {
        Some(draft) => draft_view(request, draft),
        None => view! {
            {link(request)}
            {seats(reader, &data.subscription)}
            <InviteForms flash=&request.flash reader=reader/>
            <InvitationFilter slug=reader.org_slug.clone() query=query.clone()/>
            <div
                class="paged-list"
                data-total=data.page.total.to_string()
                data-page=data.page.number.to_string()
                data-pages=data.page.last().to_string()
            >
                {list(reader, query, &data.page, problem)}
            </div>
        }
        .into_any(),
    };
    let count = data
        .draft
        .is_none()
        .then(|| view! { <p class="page-head__count">{count(&data.page, query)}</p> });
    view! {
        <div class="page-head">
            <h1 class="page-title">"Invitations"</h1>
            {count}
        </div>
        {messages}
        {gone}
        {content}
    }
    .into_any()
}

/// A link that was just made, to be copied: nobody has it but this page.
fn link(request: &OrgRequest) -> AnyView {
    let Some(link) = request.flash.link() else {
        return ().into_any();
    };
    view! {
        <div class="field">
            <label class="field__label" for="invitation-link">"Link of the invitation"</label>
            <input
                class="input"
                id="invitation-link"
                type="text"
                value=link.to_owned()
                readonly
                autocomplete="off"
                aria-describedby="invitation-link-hint"
            />
            <p class="field__hint" id="invitation-link-hint">
                "Only who is signed in with the invited address can accept it."
            </p>
        </div>
    }
    .into_any()
}

/// How many seats are taken, and what to do if none is left.
fn seats(reader: &Membership, subscription: &SubscriptionView) -> AnyView {
    let (used, limit) = (subscription.seats_used, subscription.limits.members);
    let page = OrgPage::Subscription.path(&reader.org_slug);
    let advice = match i64::from(limit) - used {
        ..0 => Some(
            "More seats are taken than your plan has. Nobody loses access; to add people, \
             upgrade or cancel invitations.",
        ),
        0 => Some("To add more people, upgrade or cancel invitations."),
        _ => None,
    };
    let advice = advice.map(|text| view! { <p>{text} " " <a href=page>"See the plans"</a></p> });
    view! {
        <section class="card" aria-label="Seats">
            <div class="card__body">
                <Seats used limit/>
                {advice}
            </div>
        </section>
    }
    .into_any()
}

fn list(
    reader: &Membership,
    query: &InvitationListQuery,
    page: &InvitationPage,
    problem: Option<&Problem>,
) -> AnyView {
    let address = |number| routes::invitation_list(&reader.org_slug, &query.at_page(number));
    if page.is_beyond_last() {
        return past_the_end(page, address);
    }
    if page.rows.is_empty() {
        let all = OrgPage::Invitations.path(&reader.org_slug);
        return if *query == InvitationListQuery::default() {
            view! {
                <EmptyState title="Nobody is invited right now">
                    <p>"Invite somebody above. They have seven days to accept."</p>
                </EmptyState>
            }
            .into_any()
        } else {
            view! {
                <EmptyState title="No invitations match">
                    <p>"Try fewer letters, or another state."</p>
                    <p><a class="button" href=all>"Show pending invitations"</a></p>
                </EmptyState>
            }
            .into_any()
        };
    }
    view! {
        {invitation_table(reader, query, page, problem)}
        {list_foot(page, "Pages of the list of invitations", address)}
    }
    .into_any()
}

fn draft_view(request: &OrgRequest, draft: &CheckedDraft) -> AnyView {
    let reader = request.membership();
    let send = request.flash.state_of(&forms::SEND_INVITATIONS);
    let slug = &reader.org_slug;
    let count = draft.sendable();
    let button = match count {
        1 => "Send 1 invitation".to_owned(),
        _ => format!("Send {count} invitations"),
    };
    let form = (count > 0).then(|| {
        view! {
            <form method="post" action=send.action()>
                <input type="hidden" name="org" value=slug.to_string()/>
                <input type="hidden" name="draft" value=draft.id.to_string()/>
                <input type="hidden" name="count" value=count.to_string()/>
                <input
                    type="hidden"
                    name="return_to"
                    value=routes::invitation_draft(slug, draft.id)
                />
                <button class="button button--primary">{button}</button>
            </form>
        }
    });
    let left_out = (draft.left_out > 0).then(|| {
        let text = format!(
            "{} more rows were not read: at most 500 can be imported at once. Send these, then \
             import the others.",
            draft.left_out
        );
        view! { <ProblemMessage text/> }
    });
    let correct = draft.is_pasted.then(|| {
        let pasted = draft
            .rows
            .iter()
            .map(|checked| checked.row.email.as_str())
            .collect::<Vec<_>>()
            .join("\n");
        let role = draft
            .rows
            .first()
            .map_or("", |checked| checked.row.role.as_str());
        view! { <InviteForms flash=&request.flash reader=reader pasted=&pasted role=role/> }
    });
    let has_problems = count < draft.rows.len();
    let lead = if has_problems {
        "Nobody is invited yet. Rows that something is wrong with are left out."
    } else {
        "Nobody is invited yet. Look at the rows, then send them."
    };
    view! {
        <section class="card" aria-labelledby="draft-title">
            <div class="card__head">
                <h2 class="card__title" id="draft-title">"Check the list"</h2>
            </div>
            <div class="card__body">
                <p>{lead}</p>
                <p>{draft.seats.sentence()}</p>
                {left_out}
                {draft_table(draft)}
                <div class="form__buttons">
                    {form}
                    <a class="button" href=OrgPage::Invitations.path(slug)>"Back to the list"</a>
                </div>
            </div>
        </section>
        {correct}
    }
    .into_any()
}

/// Whether the invitation that a problem is about is on this page: then the message stands in
/// that row.
fn has_row(page: &InvitationPage, problem: &Problem) -> bool {
    problem
        .typed("invitation_id")
        .is_some_and(|id| page.rows.iter().any(|row| row.id.to_string() == id))
}

fn count(page: &InvitationPage, query: &InvitationListQuery) -> String {
    let state = query.state.label().to_lowercase();
    match (query.search.is_empty(), page.total) {
        (true, _) => format!("{} {state}", total(page)),
        (false, 1) => "1 match".to_owned(),
        (false, _) => format!("{} matches", total(page)),
    }
}
